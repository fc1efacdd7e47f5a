package sqldbtest

import (
	"io/fs"
	"path"
	"testing"
	"testing/fstest"
)

// Until returns the migrations in fsys whose files have smaller names: those of an earlier release, for
// tests of the one that changes its rows.
func Until(t testing.TB, fsys fs.FS, name string) fs.FS {
	t.Helper()
	earlier, left := fstest.MapFS{}, 0
	err := fs.WalkDir(fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if path.Base(file) >= name {
			left++
			return nil
		}
		content, err := fs.ReadFile(fsys, file)
		earlier[file] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil || left == 0 || len(earlier) == 0 {
		t.Fatalf("%d migrations before %s, %d from it, %v", len(earlier), name, left, err)
	}
	return earlier
}
