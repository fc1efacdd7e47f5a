package usher

import (
	"context"
	"fmt"
	"sync"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// flight is one question under way. What stands below done is written before done is closed.
type flight struct {
	number uint64
	done   chan struct{}

	token *Token
	err   error
	// current is that nothing which was applied since the question can have ended the answer.
	current bool
}

// flights are the questions under way, one for each token at most.
type flights struct {
	mu      sync.Mutex
	under   map[key]*flight
	started uint64
}

// join finds the flight of a token or makes one, which is the caller's to fly. before is how many had been started by then.
func (f *flights) join(k key) (found *flight, mine bool, before uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before = f.started
	if found, ok := f.under[k]; ok {
		return found, false, before
	}
	f.started++
	made := &flight{number: f.started, done: make(chan struct{})}
	f.under[k] = made
	return made, true, before
}

func (f *flights) land(k key, landed *flight) {
	f.mu.Lock()
	delete(f.under, k)
	f.mu.Unlock()
	close(landed.done)
}

// attempts is how often an answer that was overtaken by a revocation is asked for again before it is taken as it is: it was
// asked for after the caller came, and is only not remembered.
const attempts = 2

// ask puts a question to the token service, together with all who have the same one. While the memory is trusted one may
// join a question that is under way, as one may use an answer that is remembered; while it is not, only one that was
// put after one came, so that what ended before is seen. The flight does not end with the caller's context: others may wait for it.
func (c *Client) ask(ctx context.Context, k key, token string) (*Token, error) {
	trusted := c.size > 0 && c.memory.isTrusted(c.now())
	var first uint64 // the number of the first flight that starts after this call came
	for overtaken := 0; ; {
		f, mine, before := c.flights.join(k)
		if first == 0 {
			first = before + 1
		}
		if mine {
			go c.fly(context.WithoutCancel(ctx), k, token, f)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("asking about a token: %w", ctx.Err())
		}
		later := f.number >= first
		if f.current && (trusted || later) || later && (f.err != nil || overtaken == attempts) {
			return f.token, f.err
		}
		if later {
			overtaken++
		}
	}
}

// fly asks, and remembers the answer where it may.
func (c *Client) fly(ctx context.Context, k key, token string, f *flight) {
	defer c.flights.land(k, f)
	// Another flight may have landed between the caller's look and this one's start.
	if e := c.memory.get(&k, c.now()); e != nil {
		if f.token, f.current = e.token, true; e.token == nil {
			f.err = ErrInactive
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	q := c.memory.ask()
	res, err := c.introspection.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token, MinCursor: q.cursor})
	if err != nil {
		f.err = fmt.Errorf("asking about a token: %w", err)
		return
	}
	e := c.entryOf(k, q, res)
	if f.token = e.token; e.token == nil {
		f.err = ErrInactive
	}
	f.current = c.memory.remember(q, e)
}

// entryOf reads an answer. Its time runs from before the question, so that it is never longer than the server meant.
func (c *Client) entryOf(k key, q question, res *tokenv1.IntrospectTokenResponse) *entry {
	if !res.GetActive() {
		return &entry{key: k, deadline: q.asked + c.negativeAge}
	}
	age := c.maxAge
	switch left := res.GetExpiresInMs(); {
	case left > 0 && left < age.Milliseconds():
		age = time.Duration(left) * time.Millisecond
	case left < 0, left == 0 && res.GetExp() != 0: // over already, or an end that is told on the server's clock alone
		age = 0
	}
	e := &living{facts: c.words.tokenOf(res)}
	e.entry = entry{key: k, deadline: q.asked + age, token: &e.facts, grant: string(res.GetGrantId())}
	return &e.entry
}
