// Command protoc-gen-apidoc is a plugin of buf and protoc. It writes docs/errors.md and the
// description of the HTTP API.
package main

import (
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/vidocu/usher/gateway/internal/apidoc"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run reads a request of the compiler and writes the files.
func run(in io.Reader, out io.Writer) error {
	raw, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	request := &pluginpb.CodeGeneratorRequest{}
	if err := proto.Unmarshal(raw, request); err != nil {
		return err
	}
	response := &pluginpb.CodeGeneratorResponse{SupportedFeatures: proto.Uint64(uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL))}
	files, err := write(request)
	if err != nil {
		response.Error = proto.String(err.Error())
	}
	for _, name := range []string{"docs/errors.md", "gateway/internal/openapi/openapi.json"} {
		if err == nil {
			response.File = append(response.File, &pluginpb.CodeGeneratorResponse_File{Name: proto.String(name), Content: proto.String(files[name])})
		}
	}
	if raw, err = proto.Marshal(response); err != nil {
		return err
	}
	_, err = out.Write(raw)
	return err
}

func write(request *pluginpb.CodeGeneratorRequest) (map[string]string, error) {
	protos, err := apidoc.NewProtos(request.GetProtoFile())
	if err != nil {
		return nil, err
	}
	page, err := protos.ErrorsPage()
	if err != nil {
		return nil, err
	}
	description, err := protos.Description()
	if err != nil {
		return nil, err
	}
	return map[string]string{"docs/errors.md": page, "gateway/internal/openapi/openapi.json": string(description)}, nil
}
