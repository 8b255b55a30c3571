// Package weights carries the weights of networks in and out of files, under
// PyTorch's names and in its layouts: safetensors, and the state dicts that
// torch.save writes (.pth, .pt). What is saved here loads into the PyTorch
// definition of the network with load_state_dict(strict=True).
package weights
