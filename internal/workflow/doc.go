// Package workflow runs what an environment does when something happens: the steps of
// its workflows, once for each event of their trigger.
//
// A run is written with its event and survives crashes: what a step has brought is
// kept before the next one begins. A step that was under way is taken again only where
// that changes nothing at the other side; any other ends the run, which says so.
package workflow
