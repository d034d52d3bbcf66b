package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// requireNPMVariable set to 1 turns a test that is skipped for want of npm's
// packages into a failure.
const requireNPMVariable = "SINEW_TEST_REQUIRE_NPM"

// S3Server is an S3 server on loopback that belongs to one test.
type S3Server struct {
	Endpoint        string // host and port; it speaks HTTP
	Bucket          string // exists and is empty
	AccessKeyID     string
	SecretAccessKey string
}

// StartS3 starts the S3 server that the test packages of npm bring, and stops
// it when the test ends. Without those packages the test is skipped, or fails
// where they are required.
func StartS3(t testing.TB) S3Server {
	t.Helper()
	const bucket = "test-bucket"
	// Its paging encrypts with an old cipher, which Node.js offers on request.
	command := exec.Command("node", "--openssl-legacy-provider", NPMFile(t, filepath.Join("s3rver", "bin", "s3rver.js")),
		"--directory", t.TempDir(), "--address", "127.0.0.1", "--port", "0",
		"--no-vhost-buckets", "--configure-bucket", bucket)
	command.Stderr = os.Stderr
	return S3Server{Endpoint: serveListening(t, command), Bucket: bucket, AccessKeyID: "S3RVER", SecretAccessKey: "S3RVER"}
}

// NPMFile finds a file of the packages that tests take from npm. Without those
// packages the test is skipped, or fails where they are required.
func NPMFile(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(moduleRoot(t), "test", "npm", "node_modules", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv(requireNPMVariable) == "1" {
			t.Fatalf("npm packages are required: %v", err)
		}
		t.Skip(`no npm packages for tests: run "npm ci" in test/npm; "make test" does`)
	}
	return path
}

// moduleRoot is the folder of go.mod; tests run in the folder of their package.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
