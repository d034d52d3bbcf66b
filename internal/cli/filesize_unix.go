//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// takeFileSizeLimit makes writes beyond a file size limit (ulimit -f) fail, as those
// on a full disk do, where the signal would end the program.
func takeFileSizeLimit() { signal.Ignore(syscall.SIGXFSZ) }
