package developers

import "strings"

// plainShell are the characters that no shell interprets in a word.
const plainShell = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@%+,="

// shellQuote returns a value as one word of a POSIX shell (IEEE Std 1003.1 §2.2.2), for the commands that
// users copy: a redirect URI may have characters that a shell interprets.
func shellQuote(value string) string {
	if value != "" && strings.Trim(value, plainShell) == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// data returns a parameter of a form as curl takes it. curl sends the value of -d as it is: one with a
// character that means something in a form is encoded.
func data(name, value string) string {
	option := " -d "
	if strings.ContainsAny(value, "&+%;") {
		option = " --data-urlencode "
	}
	return option + name + "=" + shellQuote(value)
}
