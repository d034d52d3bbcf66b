package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// StartOAuthProvider starts oidc-provider of npm, an OAuth 2.0 server, on loopback
// and stops it when the test ends. Its apps, app-header and app-body for customers
// and machine-header and machine-body for themselves, have one secret and say who
// they are in the header or in the body; its customer agrees to everything. It
// returns the server's address. Without the packages of npm the test is skipped, or
// fails where they are required.
func StartOAuthProvider(t testing.TB, secret, redirectURI string) (url string) {
	t.Helper()
	NPMFile(t, filepath.Join("oidc-provider", "package.json"))
	command := exec.Command("node", filepath.Join(moduleRoot(t), "test", "npm", "oauth-provider.mjs"), secret, redirectURI)
	command.Stderr = os.Stderr
	return "http://" + serveListening(t, command)
}
