// Package server builds everything, starts it and stops it in order. It is the
// only package that imports all the others: what is chosen by configuration is
// chosen here, and nowhere else.
package server
