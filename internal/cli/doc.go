// Package cli is the command line of the sinew binary: one file a command,
// each a constructor that binds flags and a run function that takes everything
// it needs. It translates flags into calls and errors into exit codes; rules
// live in the packages it calls.
package cli
