package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	masterFileMode = 0o600
	// masterFileMax is far beyond a key file, so that a wrong path is refused
	// without reading what it leads to.
	masterFileMax = 64 << 10

	masterFileHead = `# Master key of a Sinew installation. It opens every stored credential.
# Keep it secret, and keep a copy away from the data: without it the
# credentials in the database cannot be read by anybody.
`
)

// GenerateMasterFile makes a new master key and writes it to a file that only
// its owner can read. The file appears complete or not at all, and is on disk
// when the call returns. An existing file is never replaced: the error then
// wraps fs.ErrExist. What an attempt that was killed left behind is removed.
func GenerateMasterFile(path string) (Master, error) {
	text := newMasterText()
	master, err := MasterFromText(text)
	if err != nil {
		return nil, err
	}
	if err := createFile(path, masterFileHead+text+"\n"); err != nil {
		return nil, fmt.Errorf("write master key: %w", err)
	}
	return master, nil
}

// createFile writes beside the path and links the result to it: unlike a
// rename, a link fails when the name is taken.
func createFile(path, content string) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, tempPrefix(path)+"*")
	if err != nil {
		return err
	}
	if err := fill(temp, content); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	err = os.Link(temp.Name(), path)
	if errors.Is(err, fs.ErrNotExist) && exists(path) {
		err = fs.ErrExist // another process was faster, and has swept
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	sweepTemp(path)
	return errors.Join(err, syncDir(dir))
}

// tempPrefix begins the names of the files that become the file of a path; a
// number ends them.
func tempPrefix(path string) string { return "." + filepath.Base(path) + "-" }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// sweepTemp removes the files that would have become the one of a path, which
// exists: an attempt under way beside this one finds the name taken. It does
// what it can; a key that was never used opens nothing.
func sweepTemp(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, entry := range entries {
		number, ok := strings.CutPrefix(entry.Name(), tempPrefix(path))
		if ok && number != "" && strings.Trim(number, "0123456789") == "" {
			_ = os.Remove(filepath.Join(filepath.Dir(path), entry.Name()))
		}
	}
}

func fill(file *os.File, content string) error {
	err := file.Chmod(masterFileMode)
	if err == nil {
		_, err = io.WriteString(file, content)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be opened for syncing there
	}
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}

// LoadMasterFile reads a master key from a file. It refuses a file that others
// than the owner could read, in a sentence that says what to do. The error
// wraps fs.ErrNotExist when there is no file. What GenerateMasterFile left
// behind when it was killed is removed.
func LoadMasterFile(path string) (Master, error) {
	text, err := readMasterFile(path)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	master, err := MasterFromText(text)
	if err != nil {
		return nil, fmt.Errorf("read master key: %s: %w", path, err)
	}
	sweepTemp(path)
	return master, nil
}

func readMasterFile(path string) (text string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if err := checkMasterFile(path, info); err != nil {
		return "", err
	}
	content, err := io.ReadAll(file)
	return string(content), err
}

func checkMasterFile(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("%s can be used by other users (mode %04o): run \"chmod 600 %s\" and start again", path, mode, path)
	}
	if info.Size() > masterFileMax {
		return fmt.Errorf("%s is too large for a key file", path)
	}
	return nil
}
