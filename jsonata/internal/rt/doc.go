// Package rt is what both evaluators and the function library share at run
// time: the typed error, the state of one evaluation with its budgets, and
// functions with their signatures.
//
// Inside the engine an error travels as a panic of type *Error from where it
// is found to the boundary of the package, where [Catch] turns it into a plain
// error value. No other panic is raised on purpose.
package rt
