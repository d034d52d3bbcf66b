// Package arch holds no code, only the tests that keep the package tree in
// order: which package may import which, which one owns a capability, and what
// never appears in the source. Each failure says why the rule exists.
//
// The direction is vocabulary ← tools ← engines ← edges ← server ← cmd; an
// arrow never turns round.
package arch
