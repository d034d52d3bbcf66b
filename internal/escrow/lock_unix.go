//go:build unix

package escrow

import (
	"errors"
	"os"
	"syscall"
)

// lock takes a file for this process until it is closed; the kernel gives it back
// when the process ends, however it does. false means that another one has it.
func lock(file *os.File) (bool, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return false, err
	}
	var locked error
	if err := raw.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return false, err
	}
	if errors.Is(locked, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return locked == nil, locked
}
