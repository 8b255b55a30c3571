// Package pth reads and writes the state dicts of PyTorch: the files .pth and
// .pt that torch.save writes since PyTorch 1.6. Reading executes nothing.
//
// A file is a zip archive whose records are stored, not compressed:
//
//	NAME/data.pkl    a pickle: a program for a stack machine that builds the dict
//	NAME/byteorder   "little" (since PyTorch 2.1)
//	NAME/data/KEY    the elements of one storage, which tensors are views of
//	NAME/version     "3\n"
//
// The pickle is interpreted by a machine that knows only what a dict of tensors
// needs. Its calls are three, to collections.OrderedDict,
// torch._utils._rebuild_tensor_v2 and torch._utils._rebuild_parameter; each is
// a case of a switch that puts numbers into a struct. Any other opcode or global
// is an error that names it and its place.
//
// # Checkpoints
//
// The tensors of a file are those of its dict; other plain values (numbers,
// strings, None, tuples, lists, dicts) are ignored. If exactly one value of the
// dict is itself a dict that holds tensors of floats, the file is a checkpoint
// and the tensors are those of that value:
//
//	{"epoch": 3, "arch": "resnet18", "state_dict": {...}, "optimizer": {...}}   PyTorch's ImageNet example
//	{"epoch": 3, "global_step": 100, "state_dict": {...}, "callbacks": {...}}   Lightning
//	{"model": {...}, "optimizer": {...}, "lr_scheduler": {...}, "epoch": 3}     torchvision's reference scripts
//
// (The tensors of an optimizer are deeper: {"state": {0: {"exp_avg": ...}}}.)
// Two such dicts, as of a model and its moving average, are an error. So are
// objects of classes: torchvision's scripts add "args", an argparse.Namespace,
// and Lightning may add its hyperparameters. Where these are in the way,
//
//	torch.save(torch.load("checkpoint.pth")["model"], "model.pth")
//
// leaves the state dict.
package pth
