package shortlived

import (
	"crypto/x509"
	"testing"
)

// TestRedisIsVerifiedWithTheAuthoritiesThatAreKnown where no file is named: an image has no files, and
// would trust no server.
func TestRedisIsVerifiedWithTheAuthoritiesThatAreKnown(t *testing.T) {
	store, err := OpenRedis(RedisConfig{Addrs: []string{"127.0.0.1:1"}, TLS: RedisTLS{On: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	c, err := store.config.TLS.config("redis.test")
	if err != nil || c.RootCAs == nil || c.RootCAs.Equal(x509.NewCertPool()) || c.ServerName != "redis.test" {
		t.Errorf("it verifies with %+v, %v", c, err)
	}
}
