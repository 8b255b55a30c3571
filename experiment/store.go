package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/train"
)

// A store is a folder of runs:
//
//	store.json                            what the folder is, and what made it
//	experiment_results.json               the accuracies, see writeResults
//	runs/DATA/ARCHITECTURE/RECIPE/seed-N/
//		record.json                       the run; without a result if it is not finished
//		checkpoint.safetensors            where it stands, once it has begun and until it is finished
//		weights.safetensors               what it was trained to, if that was asked for
//
// Every file is replaced whole, so that a killed process, or a full disk,
// leaves a store that is in order. Only one process at a time can have a
// store open.
type store struct {
	dir    string
	locked *os.File
}

// header is store.json.
type header struct {
	Format  int    `json:"format"`
	Results int    `json:"results_version"`
	MadeBy  string `json:"made_by"`
}

const (
	// storeFormat is the version of the folder's layout.
	storeFormat = 1
	// resultsVersion is raised whenever a change of the program makes the same
	// run come out differently: figures of two versions must not be compared.
	resultsVersion = 7
)

// document is record.json.
type document struct {
	Key
	Settings       Settings      `json:"settings"`
	DataSum        string        `json:"data_sum"` // see data.Set.Checksum
	InstructionSet string        `json:"instruction_set,omitempty"`
	Result         *train.Result `json:"result,omitempty"`
}

const (
	headerFile     = "store.json"
	resultsFile    = "experiment_results.json"
	recordFile     = "record.json"
	checkpointFile = "checkpoint.safetensors"
	weightsFile    = "weights.safetensors"
)

// openStore opens the store in a folder, and makes it if there is no such
// folder or nothing in it. A new store notes the program that made it.
func openStore(dir, program string) (*store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("%s: cannot make this folder: %w", dir, cause(err))
	}
	locked, err := lock(dir)
	if err != nil {
		return nil, err
	}
	s := &store{dir, locked}
	if err := s.begin(program); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *store) begin(program string) error {
	if err := sweep(s.dir, headerFile, resultsFile); err != nil {
		return err
	}
	h, err := readHeader(s.dir)
	if err == nil && h.Results != resultsVersion {
		return fmt.Errorf("%s: results_version %d, want %d: made by %s, whose figures are not comparable; use another folder",
			filepath.Join(s.dir, headerFile), h.Results, resultsVersion, h.MadeBy)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("%s: %w", s.dir, cause(err))
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s: not a store, since it has %s in it but no %s; use another folder", s.dir, entries[0].Name(), headerFile)
	}
	return writeJSON(filepath.Join(s.dir, headerFile), header{storeFormat, resultsVersion, program})
}

// close lets other processes open the store.
func (s *store) close() error { return s.locked.Close() }

// readHeader returns an error that is fs.ErrNotExist if there is no store.
func readHeader(dir string) (header, error) {
	var h header
	file := filepath.Join(dir, headerFile)
	if err := readJSON(file, &h); err != nil {
		return h, err
	}
	if h.Format != storeFormat {
		return h, fmt.Errorf("%s: format %d, want %d: made by %s; use another folder, or that program", file, h.Format, storeFormat, h.MadeBy)
	}
	return h, nil
}

// Read returns what is in the store of that folder: the records of finished
// runs and the keys of the others, both ordered by key. It changes nothing, and
// does not mind another process that runs.
func Read(dir string) (finished []Record, unfinished []Key, err error) {
	if _, err := readHeader(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: no store is here, since there is no %s", dir, headerFile)
	} else if err != nil {
		return nil, nil, err
	}
	root := filepath.Join(dir, "runs")
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if file == root && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, cause(err))
		}
		if entry.Name() != recordFile {
			return nil
		}
		var d document
		if err := readJSON(file, &d); err != nil {
			return err
		}
		if d.Result == nil {
			unfinished = append(unfinished, d.Key)
		} else {
			finished = append(finished, Record{d.Key, d.Settings, *d.Result})
		}
		return nil
	})
	slices.SortFunc(finished, func(a, b Record) int { return a.Key.Compare(b.Key) })
	slices.SortFunc(unfinished, Key.Compare)
	return finished, unfinished, err
}

// plan enters the runs into the store and returns those that have no result
// yet. Data holds the checksum of every data set by name. If the store has one
// of the runs with other settings or data, plan fails and enters none, unless
// nothing has been done for it.
func (s *store) plan(runs []Run, data map[string]string) (missing []Run, err error) {
	var enter []document
	for _, r := range runs {
		want := document{Key: r.Key, Settings: r.Settings, DataSum: data[r.Data]}
		file := s.file(r.Key, recordFile)
		var have document
		switch err := readJSON(file, &have); {
		case errors.Is(err, fs.ErrNotExist):
			enter = append(enter, want)
		case err != nil:
			return nil, err
		case have.differs(want) == "": // entered before
		case have.Result == nil && !exists(s.file(r.Key, checkpointFile)):
			enter = append(enter, want)
		default:
			return nil, fmt.Errorf("%s: %s; use another folder for the store, or remove that of this run to train it anew", file, have.differs(want))
		}
		if have.Result == nil {
			missing = append(missing, r)
		} else if err := s.tidy(r.Key); err != nil { // the process may have been killed before it could
			return nil, err
		}
	}
	for _, d := range enter {
		dir := s.file(d.Key, "")
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("%s: cannot make this folder: %w", dir, cause(err))
		}
		if err := writeJSON(filepath.Join(dir, recordFile), d); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// differs names the first thing in which a run in the store is not the one
// that is wanted, or returns "".
func (d document) differs(want document) string {
	for _, c := range []struct {
		what       string
		have, want any
	}{
		{"run", d.Key, want.Key},
		{"epochs", d.Settings.Epochs, want.Settings.Epochs},
		{"batch_size", d.Settings.BatchSize, want.Settings.BatchSize},
		{"learning_rate", d.Settings.LearningRate, want.Settings.LearningRate},
		{"crop", d.Settings.Crop, want.Settings.Crop},
		{"flip", d.Settings.Flip, want.Settings.Flip},
		{"size", d.Settings.Network.Size, want.Settings.Network.Size},
		{"channels", d.Settings.Network.Channels, want.Settings.Network.Channels},
		{"stem", d.Settings.Network.Stem, want.Settings.Network.Stem},
		{"width", d.Settings.Network.Width, want.Settings.Network.Width},
		{"dropout", d.Settings.Network.Dropout, want.Settings.Network.Dropout},
		{"drop_path", d.Settings.Network.DropPath, want.Settings.Network.DropPath},
		{"keep", d.Settings.Network.Keep, want.Settings.Network.Keep},
		{"weights_sum", d.Settings.Network.WeightsSum, want.Settings.Network.WeightsSum},
		{"fresh_head", d.Settings.Network.FreshHead, want.Settings.Network.FreshHead},
		{"data_sum", d.DataSum, want.DataSum},
	} {
		if c.have != c.want {
			return fmt.Sprintf("%s %v, want %v", c.what, c.have, c.want)
		}
	}
	return ""
}

// finish enters the result of a run and removes its checkpoint.
func (s *store) finish(r Run, dataSum string, result train.Result) error {
	d := document{Key: r.Key, Settings: r.Settings, DataSum: dataSum, InstructionSet: cpu.Current().String(), Result: &result}
	if err := writeJSON(s.file(r.Key, recordFile), d); err != nil {
		return err
	}
	return s.tidy(r.Key)
}

// tidy removes what a finished run needs no more, and what killed processes
// left behind.
func (s *store) tidy(k Key) error {
	checkpoint := s.file(k, checkpointFile)
	if err := os.Remove(checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: cannot remove it: %w", checkpoint, cause(err))
	}
	return sweep(s.file(k, ""), recordFile, checkpointFile, weightsFile)
}

// file returns the path of a file of a run.
func (s *store) file(k Key, name string) string {
	return filepath.Join(s.dir, "runs", folderName(k.Data), folderName(k.Architecture), folderName(k.Recipe), fmt.Sprintf("seed-%d", k.Seed), name)
}
