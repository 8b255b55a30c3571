package benchmark

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

func TestRateOfATraining(t *testing.T) {
	w := Workload{"train", "feedforward", 28, 8, quant.B158}
	r, err := w.Run(t.Context(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r.ImagesPerSecond <= 0 || r.Allocations < 0 || r.Bytes < 0 || r.GC < 0 || r.GC > 1 {
		t.Errorf("%+v", r)
	}
	if r.Wait == nil || *r.Wait < 0 || *r.Wait > 1 {
		t.Errorf("a training has no share of waiting in [0, 1]: %v", r.Wait)
	}
	if r.PeakMB != nil && *r.PeakMB < 1 {
		t.Errorf("peak of %v MB", *r.PeakMB)
	}
	w.Mode = "eval"
	if r, err = w.Run(t.Context(), 1, 1); err != nil || r.Wait != nil {
		t.Errorf("an evaluation waits for its data: %v, error %v", r.Wait, err)
	}
}

func TestMeter(t *testing.T) {
	var m meter
	var r Rate
	m.start()
	leak := make([]byte, 4<<20)
	for range 2 {
		garbage := make([]byte, 1<<20)
		runtime.KeepAlive(garbage)
	}
	m.stop(&r, 2)
	runtime.KeepAlive(leak)
	if r.Allocations < 1.5 || r.Allocations > 20 {
		t.Errorf("%g allocations per step, want 1.5", r.Allocations)
	}
	if r.Bytes < 3<<20 || r.Bytes > 3<<20+1<<16 {
		t.Errorf("%g bytes per step, want 3 MiB", r.Bytes)
	}
	if r.HeapGrowth < 4<<20-1<<18 || r.HeapGrowth > 4<<20+1<<18 {
		t.Errorf("the heap grew by %d, want 4 MiB", r.HeapGrowth)
	}
}

// What a workload's loader makes has the shape of its images.
func TestLoaderOfAWorkload(t *testing.T) {
	for _, tt := range []struct {
		Workload
		images, channels int
	}{
		{Workload{"train", "lenet5", 28, 256, quant.Float}, 4096, 1},
		{Workload{"train", "resnet18", 32, 100, quant.Float}, 4000, 3},
		{Workload{"train", "resnet18", 224, 32, quant.Float}, 416, 3},
		{Workload{"train", "resnet18", 32, 3000, quant.Float}, 6000, 3},
	} {
		l := tt.loader()
		if s := l.Shape(); l.Len() != tt.images || s.Dim(1) != tt.Size || s.Dim(3) != tt.channels {
			t.Errorf("%v: %d images %v, want %d of %d channels", tt.Workload, l.Len(), s, tt.images, tt.channels)
		}
	}
}

func TestWorkloadNames(t *testing.T) {
	for _, name := range EveryWorkload() {
		w, err := ParseWorkload(name)
		if err != nil || w.String() != name {
			t.Errorf("%s: %v, error %v", name, w, err)
		}
	}
}

func TestWaitIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := Workload{"train", "feedforward", 28, 8, quant.Float}
	if _, err := w.wait(ctx, time.Hour, func(*tensor.Tensor, []int32) { cancel() }); !errors.Is(err, errInterrupted) {
		t.Errorf("error %v", err)
	}
}
