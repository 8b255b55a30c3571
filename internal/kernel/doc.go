// Package kernel holds the inner loops of the engine. A kernel allocates
// nothing, starts no goroutine and knows no shapes beyond its own: blocking,
// packing and threads are the business of package gemm and of the operations.
//
// Each kernel has a portable form, xxxGeneric, whose loop is its definition
// and the oracle of its assembly. Those of products are arranged for speed: their
// definition is the equation, and the tests have the plain loops, whose bits they
// have. The exported function picks the form for cpu.Current() at every call.
// Integer kernels agree exactly on all levels; float kernels add in another order
// per level and agree within rounding.
//
// The assembly is written by the generator in _asm.
package kernel
