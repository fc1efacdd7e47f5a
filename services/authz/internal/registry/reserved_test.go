package registry_test

import (
	"testing"

	"github.com/vidocu/usher/services/authz/internal/registry"
)

func TestFault_A10_ALookalikeOfAReservedNameImitatesIt(t *testing.T) {
	reserved := registry.Reserved{"Vidocu", "Северный Свет", "Acme 0ne"}
	for _, name := range []string{
		"Vidocu", "vidocu", "VIDOCU", " V i d o c u ", "Vidocu.", "«Vidocu»", "Vi-do-cu", "Vidocu™", "ViDocu!",
		"Vid\u043ecu",                                // a Cyrillic о
		"\u0475id\u043e\u0441u",                      // more of them
		"Vidoc\u03c5",                                // a Greek upsilon
		"V\u0131docu",                                // a dotless ı
		"Vid0cu",                                     // a zero
		"V1docu",                                     // a one, that looks like the I of VIDOCU
		"Vldocu",                                     // an l, likewise
		"V\u00eddocu", "Vi\u0323docu", "Vidoc\u00fc", // marks
		"\uff36\uff49\uff44\uff4f\uff43\uff55",                         // full width
		"\U0001d415\U0001d422\U0001d41d\U0001d428\U0001d41c\U0001d42e", // bold letters of mathematics
		"Vidocu Support", "The official Vidocu App", "VidocuLogin", "My Vidocu", "Vidocu Security Team", "V\u0456docu \u0410pp", "vidocu.com",
		"\u0421\u0435\u0432\u0435\u0440\u043d\u044b\u0439 \u0421\u0432\u0435\u0442", "ACME One",
	} {
		if reserved.Imitated(name) == "" {
			t.Errorf("%+q imitates nothing", name)
		}
	}
	for _, name := range []string{
		"Example App", "Captions for Vidocu", "Vidocument", "Avidocu", "Video Cut", "Login App", "Official", "App", "Docu", "Vido", "Acme",
		"Acme Two", "Свет", "日本語", "Northwind Captions", "Vidocu Exporter by Northwind",
	} {
		if other := reserved.Imitated(name); other != "" {
			t.Errorf("%+q imitates %s", name, other)
		}
	}
	for _, none := range []registry.Reserved{nil, {""}, {" -"}} {
		if other := none.Imitated("Vidocu"); other != "" {
			t.Errorf("%q reserves %q", none, other)
		}
	}
}
