package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// JSONServer is a json-server of npm on loopback that belongs to one test.
type JSONServer struct {
	URL string
	// File holds its records.
	File string
}

// StartJSONServer starts a json-server over records, an object with an array of
// them under each name, and stops it when the test ends. Without the packages of
// npm the test is skipped, or fails where they are required.
func StartJSONServer(t testing.TB, records []byte) JSONServer {
	t.Helper()
	NPMFile(t, filepath.Join("json-server", "package.json"))
	file := filepath.Join(t.TempDir(), "records.json")
	if err := os.WriteFile(file, records, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", filepath.Join(moduleRoot(t), "test", "npm", "json-server.mjs"), file)
	command.Stderr = os.Stderr
	return JSONServer{URL: "http://" + serveListening(t, command), File: file}
}
