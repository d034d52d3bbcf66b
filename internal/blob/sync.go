package blob

import (
	"os"
	"runtime"
)

// syncFolder brings the entries of a folder to the disk. Windows does not let
// folders be synced and needs no sync of them.
func syncFolder(folder *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return folder.Sync()
}
