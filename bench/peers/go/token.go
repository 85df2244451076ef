package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	tokenPath     = "/apim-token-service/v2.0/token/"
	tokenTimeout  = 5 * time.Second
	retryInterval = time.Second
)

// tokenSource holds the access token and renews it before it expires. It is safe for concurrent use.
type tokenSource struct {
	http      *http.Client
	url       string
	accessKey string
	secretKey string

	fetching      sync.Mutex // one fetch at a time
	lastTimestamp int64      // EnOS takes each one once
	mu            sync.RWMutex
	token         string
}

type tokenAnswer struct {
	Status *int64 `json:"status"`
	Msg    string `json:"msg"`
	Data   struct {
		AccessToken string `json:"accessToken"`
		Expire      int64  `json:"expire"` // seconds
	} `json:"data"`
}

func newTokenSource(client *http.Client, url, accessKey, secretKey string) *tokenSource {
	return &tokenSource{http: client, url: url, accessKey: accessKey, secretKey: secretKey}
}

// start fetches the first token and from then on renews it in the background until ctx ends.
func (s *tokenSource) start(ctx context.Context) error {
	lifetime, err := s.fetch(ctx, "get")
	if err != nil {
		return err
	}
	go s.renew(ctx, lifetime)
	return nil
}

func (s *tokenSource) current() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.token
}

// replace returns another token than the refused one: the current one where it is another already,
// else what get answers, and where that is the refused one still, what refresh answers.
func (s *tokenSource) replace(ctx context.Context, refused string) (string, error) {
	s.fetching.Lock()
	defer s.fetching.Unlock()
	for _, action := range []string{"get", "refresh"} {
		if token := s.current(); token != refused {
			return token, nil
		}
		if _, err := s.fetch(ctx, action); err != nil {
			return "", err
		}
	}
	return s.current(), nil
}

func (s *tokenSource) renew(ctx context.Context, lifetime time.Duration) {
	wait := lifetime * 8 / 10
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		expiring := s.current()
		_, err := s.replace(ctx, expiring)
		if wait = lifetime * 8 / 10; err != nil {
			log.Printf("renew the token: %v", err)
			wait = retryInterval
		}
	}
}

// fetch asks the token service; action is get or refresh. Not for two goroutines at once.
func (s *tokenSource) fetch(ctx context.Context, action string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	timestamp := time.Now().UnixMilli()
	if timestamp <= s.lastTimestamp {
		timestamp = s.lastTimestamp + 1
	}
	s.lastTimestamp = timestamp
	fields := map[string]interface{}{
		"appKey":     s.accessKey,
		"timestamp":  timestamp,
		"encryption": sha256Hex(s.accessKey, fmt.Sprint(timestamp), s.secretKey),
	}
	if action == "refresh" {
		fields["accessToken"] = s.current()
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+tokenPath+action, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json;charset=UTF-8")
	response, err := s.http.Do(request)
	if err != nil {
		return 0, fmt.Errorf("ask for a token: %w", err)
	}
	defer response.Body.Close()
	var answer tokenAnswer
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswerBytes)).Decode(&answer); err != nil {
		return 0, fmt.Errorf("read the token: HTTP %d: %w", response.StatusCode, err)
	}
	if answer.Status == nil || *answer.Status != 0 || answer.Data.AccessToken == "" {
		return 0, fmt.Errorf("EnOS gives no token: HTTP %d: %s", response.StatusCode, answer.Msg)
	}
	s.mu.Lock()
	s.token = answer.Data.AccessToken
	s.mu.Unlock()
	return time.Duration(answer.Data.Expire) * time.Second, nil
}

// sha256Hex is the lower-case hex of SHA-256 over the concatenated parts.
func sha256Hex(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}
