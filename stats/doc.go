// Package stats computes the statistics that a comparison of two networks
// over several seeds needs: means and standard deviations, Student's interval
// of a mean, the paired and Welch's t-test, and Holm's correction for many
// tests.
//
// A quantity that a sample cannot determine, such as the standard deviation of
// one number, is NaN: it must be shown as missing, never as zero. The doc
// comment of each function says when that happens.
package stats
