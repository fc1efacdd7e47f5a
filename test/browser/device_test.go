package browser

import (
	"fmt"
	"testing"
)

// TestN9_4_ADeviceIsConnected by typing its code and by the address of a QR code, with Back, forward
// and reload after every step, with JavaScript and without.
func TestN9_4_ADeviceIsConnected(t *testing.T) {
	for _, script := range []bool{true, false} {
		t.Run(fmt.Sprintf("script %v", script), func(t *testing.T) { play(t, "device", map[string]any{"script": script}, nil) })
	}
}

// TestN9_4_DoubleClicksConnectADeviceOnce, and deny it once.
func TestN9_4_DoubleClicksConnectADeviceOnce(t *testing.T) {
	for _, decision := range []string{"approve", "deny"} {
		for _, gap := range []int{0, 100, 200} {
			t.Run(fmt.Sprintf("%s, %d ms between the clicks", decision, gap), func(t *testing.T) {
				play(t, "device_double_click", map[string]any{"decision": decision, "gap": gap}, nil)
			})
		}
	}
}
