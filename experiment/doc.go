// Package experiment runs the same training over data sets, architectures,
// recipes and seeds, and keeps what came out.
//
// A Config says what to run; it is read from a YAML file and stands for a list
// of runs. The store is a folder where runs are kept, finished and unfinished.
// Execute does the runs that the store has no result of, several side by side
// if wanted, and goes on with those that were interrupted. Read returns what a
// store has.
package experiment
