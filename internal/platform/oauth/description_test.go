package oauth_test

import (
	"slices"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// TestN5_8_ADifferenceBetweenDescriptionsIsNamed, and equal ones have no difference.
func TestN5_8_ADifferenceBetweenDescriptionsIsNamed(t *testing.T) {
	described := func() oauth.Description {
		return oauth.Description{
			Name: "client.example (“Claude”)", Publisher: "Northwind", HomePage: "https://client.example/",
			Hosts: []string{"client.example", "localhost"}, Document: "{}",
		}
	}
	for name, c := range map[string]struct {
		change func(*oauth.Description)
		want   []oauth.DescriptionChange
	}{
		"nothing":            {func(*oauth.Description) {}, nil},
		"the order of hosts": {func(d *oauth.Description) { d.Hosts = []string{"localhost", "client.example", "localhost"} }, nil},
		"name":               {func(d *oauth.Description) { d.Name = "client.example (“Clod”)" }, []oauth.DescriptionChange{oauth.NameChanged}},
		"publisher":          {func(d *oauth.Description) { d.Publisher = "Southwind" }, []oauth.DescriptionChange{oauth.PublisherChanged}},
		"home page":          {func(d *oauth.Description) { d.HomePage = "" }, []oauth.DescriptionChange{oauth.HomePageChanged}},
		"hosts":              {func(d *oauth.Description) { d.Hosts = append(d.Hosts, "other.example") }, []oauth.DescriptionChange{oauth.HostsChanged}},
		"the document":       {func(d *oauth.Description) { d.Document = "{ }" }, []oauth.DescriptionChange{oauth.OtherChanged}},
		"two parts": {func(d *oauth.Description) { d.Name, d.Hosts, d.Document = "x", nil, "y" }, []oauth.DescriptionChange{
			oauth.NameChanged, oauth.HostsChanged,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := described()
			c.change(&changed)
			if got := oauth.DescriptionChanges(described().Digest(), changed.Digest()); !slices.Equal(got, c.want) {
				t.Errorf("changes %v, want %v", got, c.want)
			}
		})
	}
	if n := len(described().Digest()); n >= 80 {
		t.Errorf("a digest has %d characters", n)
	}
	for _, unknown := range []string{"", "x", "a.b.c"} {
		if got := oauth.DescriptionChanges(unknown, described().Digest()); got != nil {
			t.Errorf("a grant with the digest %q differs in %v", unknown, got)
		}
	}
}
