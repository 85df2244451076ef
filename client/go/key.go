package enosflow

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"
)

// NewIdempotencyKey returns a key for Request.IdempotencyKey: a UUIDv7, which is unique and contains its time, so that a
// gateway refuses it once it is too old. Generate one for each run that you want to start, and save it with the request,
// including TriggerTime, for as long as you may repeat the call.
func NewIdempotencyKey() string {
	var random [10]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic("enosflow: the system has no random numbers: " + err.Error())
	}
	return keyOf(time.Now(), random)
}

// keyOf follows RFC 9562: 48 bits of time in ms, the version, 12 random bits, the variant (binary 10), 62 random bits.
func keyOf(now time.Time, random [10]byte) string {
	var uuid [16]byte
	binary.BigEndian.PutUint64(uuid[:8], uint64(now.UnixMilli())<<16)
	copy(uuid[6:], random[:])
	uuid[6] = 0x70 | uuid[6]&0x0f
	uuid[8] = 0x80 | uuid[8]&0x3f
	return fmt.Sprintf("%x-%x-%x-%x-%x", uuid[:4], uuid[4:6], uuid[6:8], uuid[8:10], uuid[10:])
}

// keptKeys is whether the gateway stores idempotency keys, according to the most recent initial metadata of a call with a key.
type keptKeys struct {
	newest     int32
	notOffered int32 // 1: a key was refused; those that the caller did not ask for are not sent any more
}

const (
	keysNotTold int32 = iota
	keysKept
	keysNotKept
)

func (k *keptKeys) note(kept bool) {
	if kept {
		atomic.StoreInt32(&k.newest, keysKept)
	} else {
		atomic.StoreInt32(&k.newest, keysNotKept)
	}
}

func (k *keptKeys) kept() bool { return atomic.LoadInt32(&k.newest) == keysKept }

func (k *keptKeys) noteNotOffered() { atomic.StoreInt32(&k.notOffered, 1) }

// refused reports whether calls go without a key, unless the caller gives one.
func (k *keptKeys) refused() bool { return atomic.LoadInt32(&k.notOffered) != 0 }
