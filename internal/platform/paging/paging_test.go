package paging_test

import (
	"bytes"
	"encoding/base64"
	"math"
	"testing"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/paging"
)

type request struct {
	size  int32
	token string
}

func (r request) GetPageSize() int32   { return r.size }
func (r request) GetPageToken() string { return r.token }

func token(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func refused(t *testing.T, what string, err error) {
	t.Helper()
	if oerr.Reason(err) != errorv1.Reason_REASON_INVALID_REQUEST || oerr.Field(err) != "page_token" {
		t.Errorf("%s: %v, want INVALID_REQUEST of page_token", what, err)
	}
}

func TestThePlaceOfAnEntryComesBackWithTheNextPage(t *testing.T) {
	at := time.Date(2026, 11, 30, 10, 0, 0, 1000, time.UTC)
	for _, n := range []int64{0, -7, math.MaxInt64, math.MinInt64} {
		list, next := paging.Cut([]int{1, 2, 3}, 2, func(int) []string {
			return []string{paging.FormatTime(at), "", paging.FormatBytes([]byte{0, 255}), paging.FormatNumber(n)}
		})
		p, err := paging.Of(request{2, next}, 4)
		if err != nil || len(list) != 2 || p.First() {
			t.Fatalf("%v, %d entries", err, len(list))
		}
		gotTime, timeErr := p.Time(0)
		gotBytes, bytesErr := p.Bytes(2)
		gotNumber, numberErr := p.Number(3)
		if timeErr != nil || bytesErr != nil || numberErr != nil {
			t.Fatal(timeErr, bytesErr, numberErr)
		}
		if !gotTime.Equal(at) || p.After[1] != "" || !bytes.Equal(gotBytes, []byte{0, 255}) || gotNumber != n {
			t.Errorf("%v, %q, %x, %d; want the values of the entry", gotTime, p.After[1], gotBytes, gotNumber)
		}
	}
}

func TestTheFirstPageHasZeroValues(t *testing.T) {
	p, err := paging.Of(request{}, 3)
	if err != nil || !p.First() || p.Size != 100 {
		t.Fatalf("%+v, %v", p, err)
	}
	at, timeErr := p.Time(0)
	b, bytesErr := p.Bytes(1)
	n, numberErr := p.Number(2)
	if timeErr != nil || bytesErr != nil || numberErr != nil || !at.IsZero() || b != nil || n != 0 {
		t.Errorf("%v, %x, %d, %v, %v, %v", at, b, n, timeErr, bytesErr, numberErr)
	}
}

func TestAListThatWasReturnedWholeHasTheLargestPages(t *testing.T) {
	for sent, want := range map[int32]int{0: 1000, 1: 1, 1000: 1000} {
		if p, err := paging.OfLargest(request{size: sent}, 1); err != nil || p.Size != want {
			t.Errorf("page_size %d: %d, %v; want %d", sent, p.Size, err, want)
		}
	}
	for _, sent := range []int32{-1, 1001} {
		if _, err := paging.OfLargest(request{size: sent}, 1); oerr.Field(err) != "page_size" {
			t.Errorf("page_size %d: %v", sent, err)
		}
	}
}

func TestADamagedPageTokenIsNeverTheFirstPage(t *testing.T) {
	for _, text := range []string{"!", token("{}"), token("null"), token(`["a"]`), token(`["",""]`), token("[null,null]"), token(`["a","\u0000"]`)} {
		_, err := paging.Of(request{0, text}, 2)
		refused(t, text, err)
	}
	for _, value := range []string{"", "x", "1x", "9223372036854775808"} {
		p, err := paging.Of(request{0, token(`["` + value + `","place"]`)}, 2)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Number(0)
		refused(t, "the number "+value, err)
		_, err = p.Time(0)
		refused(t, "the time "+value, err)
	}
	for _, value := range []string{"", "!", "A", "AA=="} {
		p, err := paging.Of(request{0, token(`["` + value + `","place"]`)}, 2)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Bytes(0)
		refused(t, "the bytes "+value, err)
	}
}
