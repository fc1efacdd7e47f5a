package run

import (
	"errors"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/policy"
)

// Load reads a process's settings over the defaults in c and validates all of them: a variable with
// our prefix that matches no setting is refused, like an unknown key in the file. The error joins
// every fault, each with its place.
func Load(process string, c Config, file string, environ []string) (config.Loaded, error) {
	loaded, err := Read(c, file, environ)
	faults := append(config.Each(err), loaded.Unknown...)
	faults = append(faults, config.Missing(c, process)...)
	return loaded, errors.Join(append(faults, Validate(c)...)...)
}

// Read is Load without the validation, for commands that need a few settings and not a process's.
func Read(c Config, file string, environ []string) (config.Loaded, error) {
	return config.Load(c, config.Options{
		File: file, Environ: environ, Others: policy.Services(), Ignore: []string{"USHER_CONFIG_FILE", "USHER_TEST_"},
	})
}

// Validate returns an error for every invalid value.
func Validate(c Config) []error {
	faults := append(config.Each(c.Common().Validate()), config.Validate(c)...)
	if several, ok := c.(interface{ ValidateTogether() error }); ok { // the settings of several processes, which have to fit one another
		faults = append(faults, config.Each(several.ValidateTogether())...)
	}
	return faults
}
