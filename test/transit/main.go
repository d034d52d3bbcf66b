// Command transit serves the transit engine of HashiCorp Vault, version 1.14.1,
// for the tests of the master keys that live in it. The engine with its
// ciphers, key versions and answers is Vault's own code (MPL-2.0); around it
// stand no more than mounts by namespace, two tokens and a seal. It keeps
// everything in memory and prints its address.
//
// It is a module of its own, so that nothing of it gets into the product's.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// The tokens of the server. root may do everything, app may encrypt and decrypt
// with keys that exist, and sealer may only encrypt.
const (
	root   = "root"
	app    = "app"
	sealer = "sealer"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	go func() { // ends with whoever started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, &server{engines: map[string]*engine{}}))
}

type server struct {
	sealed  atomic.Bool
	calls   atomic.Int64
	mu      sync.Mutex
	engines map[string]*engine // by namespace and mount
}

type engine struct {
	backend logical.Backend
	storage logical.Storage
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/v1/")
	token := r.Header.Get("X-Vault-Token")
	switch {
	case !ok:
		fail(w, http.StatusNotFound)
	case path == "sys/seal" && token == root:
		s.sealed.Store(true)
	case path == "sys/unseal":
		s.sealed.Store(false)
	case path == "sys/calls":
		fmt.Fprint(w, s.calls.Load())
	case s.sealed.Load():
		fail(w, http.StatusServiceUnavailable, "Vault is sealed")
	case token == "":
		fail(w, http.StatusBadRequest, "missing client token")
	case token != root && token != app && token != sealer:
		fail(w, http.StatusForbidden, "permission denied", "invalid token")
	case strings.HasPrefix(path, "sys/mounts/") && token == root:
		s.mount(w, r, inNamespace(r, strings.TrimPrefix(path, "sys/mounts/")))
	default:
		s.serve(w, r, inNamespace(r, path), token)
	}
}

func inNamespace(r *http.Request, path string) string {
	return strings.Trim(r.Header.Get("X-Vault-Namespace")+"/"+path, "/")
}

// newBackend makes an engine. One of its paths lacks a check that the framework
// of this version asks for.
func newBackend(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	backend, err := transit.Backend(ctx, config)
	if err != nil {
		return nil, err
	}
	for _, path := range backend.Paths {
		if path.Pattern == "cache-config" {
			path.ExistenceCheck = func(context.Context, *logical.Request, *framework.FieldData) (bool, error) { return true, nil }
		}
	}
	return backend, backend.Setup(ctx, config)
}

func (s *server) mount(w http.ResponseWriter, r *http.Request, path string) {
	storage := &logical.InmemStorage{}
	backend, err := newBackend(r.Context(), &logical.BackendConfig{
		StorageView: storage, System: logical.TestSystemView(), Logger: hclog.NewNullLogger(), BackendUUID: path,
	})
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engines[path] = &engine{backend, storage}
	w.WriteHeader(http.StatusNoContent)
}

// find returns the engine whose mount begins a path, and the rest of it.
func (s *server) find(path string) (*engine, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for mount, e := range s.engines {
		if rest, ok := strings.CutPrefix(path, mount+"/"); ok {
			return e, rest
		}
	}
	return nil, ""
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, path, token string) {
	s.calls.Add(1)
	e, rest := s.find(path)
	if e == nil {
		fail(w, http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", path))
		return
	}
	request := &logical.Request{Operation: logical.UpdateOperation, Path: rest, Storage: e.storage, Data: map[string]any{}, MountPoint: path[:len(path)-len(rest)]}
	if r.Method == http.MethodGet {
		request.Operation = logical.ReadOperation
	} else if err := json.NewDecoder(r.Body).Decode(&request.Data); err != nil && err != io.EOF {
		fail(w, http.StatusBadRequest, "failed to parse JSON input: "+err.Error())
		return
	}
	if request.Operation == logical.UpdateOperation {
		checked, found, err := e.backend.HandleExistenceCheck(r.Context(), request)
		if err == nil && checked && !found {
			request.Operation = logical.CreateOperation
		}
	}
	if !may(token, request) {
		fail(w, http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
		return
	}
	response, err := e.backend.HandleRequest(r.Context(), request)
	if status, err := logical.RespondErrorCommon(request, response, err); err != nil {
		fail(w, status, err.Error())
		return
	}
	if response == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": response.Data})
}

// may is the policy of the tokens.
func may(token string, r *logical.Request) bool {
	switch token {
	case root:
		return true
	case app:
		return r.Operation == logical.UpdateOperation && (strings.HasPrefix(r.Path, "encrypt/") || strings.HasPrefix(r.Path, "decrypt/"))
	}
	return r.Operation == logical.UpdateOperation && strings.HasPrefix(r.Path, "encrypt/")
}

func fail(w http.ResponseWriter, status int, errors ...string) {
	if errors == nil {
		errors = []string{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": errors})
}
