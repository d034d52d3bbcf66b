// Package testkit is what tests share: a fresh database for each test on each
// engine, golden files, free ports.
//
// Nothing that ships imports it. It knows no other package of ours, so that
// the tests of every package can use it.
package testkit
