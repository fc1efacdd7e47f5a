package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/mtls"
)

// check reads the settings and every file that they name as a start would, and prints the settings
// with their sources.
func (p Process[C]) check(file string, out, _ io.Writer) error {
	loaded, err := Load(p.Name, p.Config, file, os.Environ())
	faults := append(config.Each(err), p.checkFiles()...)
	if p.Check != nil {
		faults = append(faults, p.Check(p.Config)...)
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, s := range config.Settings(p.Config) {
		from := loaded.From[s.Key]
		if from == "" || !s.ReadBy(p.Name) {
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Key, s.Value(), from)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "configuration of %s is fine; settings that are not listed have their defaults\n", p.Name)
	return err
}

// checkFiles reads the certificate and the catalog. A certificate without a path is reported as a
// missing setting.
func (p Process[C]) checkFiles() (faults []error) {
	s := p.Config.Common()
	if files := s.Certificate(); files.CertFile != "" && files.KeyFile != "" && files.CAFile != "" && files.TrustDomain != "" {
		if err := p.checkCertificate(files); err != nil {
			faults = append(faults, err)
		}
	}
	if err := s.Telemetry.CheckFiles(); err != nil {
		faults = append(faults, err)
	}
	if s.CatalogFile != "" {
		if _, err := catalog.Load(s.CatalogFile); err != nil {
			faults = append(faults, fmt.Errorf("catalog_file: %w", err))
		}
	}
	return faults
}

// checkCertificate checks that peers would accept this process's certificate now.
func (p Process[C]) checkCertificate(files mtls.Config) error {
	own, err := mtls.Read(files)
	if err == nil {
		err = own.Usable(time.Now())
	}
	if err != nil {
		return err
	}
	if own.Name != p.Name {
		return fmt.Errorf("tls.cert_file: %s is the certificate of %s: this process needs spiffe://%s/%s", files.CertFile, own.Name, files.TrustDomain, p.Name)
	}
	return nil
}
