package run

import (
	"errors"

	"github.com/vidocu/usher/internal/platform/config"
)

// Services are the processes of a deployment, and their sections of a shared settings file, what is called first.
func Services() []string { return []string{"identity", "authz", "token", "consent", "gateway"} }

// Load reads a process's settings over the defaults in c and checks them all: a variable with our prefix that nobody knows is
// refused, as a key in the file is. The error joins every fault, each with its place.
func Load(process string, c Config, file string, environ []string) (config.Loaded, error) {
	loaded, err := Read(c, file, environ)
	faults := append(config.Each(err), loaded.Unknown...)
	faults = append(faults, config.Missing(c, process)...)
	return loaded, errors.Join(append(faults, Validate(c)...)...)
}

// Read is Load without the checks, for commands that need a few settings and not a process's.
func Read(c Config, file string, environ []string) (config.Loaded, error) {
	return config.Load(c, config.Options{
		File: file, Environ: environ, Others: Services(), Ignore: []string{"USHER_CONFIG_FILE", "USHER_TEST_"},
	})
}

// Validate names every value that cannot be used.
func Validate(c Config) []error {
	faults := append(config.Each(c.Common().Validate()), config.Validate(c)...)
	if several, ok := c.(interface{ ValidateTogether() error }); ok { // the settings of several processes, which have to fit one another
		faults = append(faults, config.Each(several.ValidateTogether())...)
	}
	return faults
}
