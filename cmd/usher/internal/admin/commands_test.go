package admin

import (
	"reflect"
	"testing"
)

func TestEveryCommandWithSharedArgumentsHasItsFunction(t *testing.T) {
	seen := 0
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		if v.Kind() != reflect.Struct {
			return
		}
		if run := v.FieldByName("run"); run.IsValid() {
			if seen++; run.IsNil() {
				t.Errorf("%s has no function: NewCommands must set it", path)
			}
		}
		for i := range v.NumField() {
			walk(path+" "+v.Type().Field(i).Name, v.Field(i))
		}
	}
	walk("usher", reflect.ValueOf(NewCommands()))
	if seen < 20 {
		t.Errorf("only %d commands were found", seen)
	}
}
