package credential_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// npmFolder is where the packages from npm are.
func npmFolder(t testing.TB) string {
	t.Helper()
	return filepath.Dir(filepath.Dir(testkit.NPMFile(t, "oauth-1.0a/package.json")))
}

// ask has a script of testdata answer questions, one JSON value on a line each.
func ask(t *testing.T, script string, questions []string) []jsonx.Value {
	t.Helper()
	command := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", script), npmFolder(t))
	var problems bytes.Buffer
	command.Stdin, command.Stderr = strings.NewReader(strings.Join(questions, "\n")+"\n"), &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, &problems)
	}
	var answers []jsonx.Value
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		answer, err := jsonx.Parse(lines.Bytes())
		if err != nil {
			t.Fatalf("%s: %q: %v", script, lines.Text(), err)
		}
		answers = append(answers, answer)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%s: %d answers to %d questions", script, len(answers), len(questions))
	}
	return answers
}

// newRSA makes the key of the tests once: that takes long.
var newRSA = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func rsaPrivate(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := newRSA()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaPrivate(t))}))
}

func rsaPublic(t testing.TB) string {
	t.Helper()
	return publicPEM(t, rsaPrivate(t).Public())
}

func publicPEM(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
