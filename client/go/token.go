package enosflow

import (
	"fmt"
	"io"
	"os"
	"strings"
)

const maxTokenBytes = 8 << 10

// readToken reads the token from its file, each time anew because its content is replaced: Kubernetes does so long before a
// token expires. Its errors never show any part of a token.
func readToken(path string) (string, error) {
	if strings.HasPrefix(path, "eyJ") { // a JWT
		return "", fmt.Errorf("TokenFile: expected the path of a file, not a token")
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("TokenFile %s: %w", path, err)
	}
	if !info.Mode().IsRegular() { // reading a pipe could wait for ever
		return "", fmt.Errorf("TokenFile %s: expected a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("TokenFile %s: %w", path, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxTokenBytes+3)) // the end of a line may follow
	if err != nil {
		return "", fmt.Errorf("TokenFile %s: %w", path, err)
	}
	token := strings.TrimRight(string(content), " \t\r\n\v\f")
	switch {
	case token == "":
		return "", fmt.Errorf("TokenFile %s: is empty, expected a token", path)
	case len(token) > maxTokenBytes || len(content) > maxTokenBytes+2:
		return "", fmt.Errorf("TokenFile %s: expected a token of at most %d bytes", path, maxTokenBytes)
	case strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0:
		return "", fmt.Errorf("TokenFile %s: expected a single token: printable ASCII characters, no blanks", path)
	}
	return token, nil
}
