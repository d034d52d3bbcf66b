package testkit

import (
	"net"
	"os"
	"syscall"
	"testing"
)

// KeepClosed has an IPv4 address that was listened on refuse connections until the test
// ends: nobody else who asks for a free port gets it meanwhile.
func KeepClosed(t testing.TB, address net.Addr) {
	t.Helper()
	at, ok := address.(*net.TCPAddr)
	if !ok || at.IP.To4() == nil {
		t.Fatalf("%s is no address of IPv4", address)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(os.NewSyscallError("setsockopt", err))
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}); err != nil {
		t.Fatal(os.NewSyscallError("bind", err))
	}
}
