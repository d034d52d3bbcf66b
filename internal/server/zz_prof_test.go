package server_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

func cpuNow() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func BenchmarkProf(b *testing.B) {
	if b.N > 1 {
		return
	}
	vendor := newBenchVendor(b).URL
	var t benchTarget
	switch os.Getenv("PROF") {
	case "vendor":
		t = benchTarget{get: vendor + "/things/1", list: vendor + "/things"}
	case "reverse":
		t = benchReverseProxy(b, vendor)
	case "pg":
		t = benchSinew(b, testkit.NewPostgres(b), vendor)
	default:
		t = benchSinew(b, testkit.NewSQLite(b), vendor)
	}
	path := t.get
	if os.Getenv("WORK") == "list" {
		path = t.list
	}
	began := cpuNow()
	all := hammer(b, path, t.token)
	cpu := cpuNow() - began
	fmt.Printf("%s %s: %d calls, %.1f µs cpu/call, %.0f/s\n", os.Getenv("PROF"), os.Getenv("WORK"), len(all), float64(cpu.Microseconds())/float64(len(all)), float64(len(all))/float64(*secondsFlag))
}
