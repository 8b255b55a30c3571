package cli

import "github.com/AlarioAI/bitnet/weights"

type convertCommand struct {
	From string `arg:"" help:"File of weights: safetensors, or a state dict that torch.save wrote."`
	To   string `arg:"" help:"File to write: a state dict for torch.load if its name ends in .pth or .pt, else safetensors."`
}

// Help is shown below the flags.
func (convertCommand) Help() string {
	return `Copies named arrays from one format to the other, as float32. Nothing in the file is executed.

Example:

    bitnet convert resnet18.pth resnet18.safetensors`
}

func (c convertCommand) Run(t *terminal) error {
	skipped, err := weights.Convert(c.From, c.To)
	if err != nil {
		return err
	}
	if n := len(skipped); n > 1 {
		t.log("left out, since they are not of floating point: %s and %d more", skipped[0], n-1)
	} else if n == 1 {
		t.log("left out, since it is not of floating point: %s", skipped[0])
	}
	return nil
}
