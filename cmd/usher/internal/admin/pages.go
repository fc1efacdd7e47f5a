package admin

import "fmt"

// maxPage is the contract's.
const maxPage = 1000

// pages reads page after page until the limit, which is none at 0, or the end. A page is read by its size and the token of
// the one before; it answers how many it held and the token of the next.
func (s *Session) pages(limit int32, read func(size int32, after string) (n int, next string, err error)) error {
	after := ""
	for left := limit; ; {
		size := int32(maxPage)
		if limit > 0 {
			size = min(left, maxPage)
		}
		n, next, err := read(size, after)
		if err != nil || next == "" {
			return err
		}
		left -= int32(n)
		if limit > 0 && left <= 0 {
			fmt.Fprintln(s.Err, "There are more: --limit 0 lists all of them.")
			return nil
		}
		after = next
	}
}
