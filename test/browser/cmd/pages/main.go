// Command pages writes a screenshot of every state of every page, in light, dark and on a phone.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/vidocu/usher/test/browser"
)

func main() {
	folder := flag.String("to", "dist/pages", "folder of the pictures")
	driver := flag.String("driver", "test/browser/driver", "folder of the scenarios")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := write(ctx, *folder, *driver); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write starts a site and takes its screenshots.
func write(ctx context.Context, folder, driver string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "usher-pages-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	site, err := browser.Open(dir, driver)
	if err != nil {
		return err
	}
	defer site.Close() //nolint:errcheck // the screenshots exist, or an error is returned
	var taken struct{ Files []string }
	if err := site.Play(ctx, "pictures", map[string]any{"folder": folder}, &taken); err != nil {
		return err
	}
	fmt.Printf("%d pictures in %s\n", len(taken.Files), folder)
	return nil
}
