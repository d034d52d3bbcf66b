// Package exec compiles a resolved expression into Go closures. Variables
// become slots, field accesses remember where they found a member in objects of
// the same shape, and the usual combinations (a path of names, an object with
// fixed keys, a function with a literal lambda) become one closure each.
//
// It must give the same results as package walk, which the tests check. The
// constructs that are rare and intricate are handed to walk as they are.
package exec
