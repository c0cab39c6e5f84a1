package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

const (
	updateBrokerConfig        = 25
	getRouteInfoByTopic       = 105
	invokeBrokerToResetOffset = 222
	callLimit                 = 10 * time.Second
)

// call asks a server by the remoting protocol: this client has no
// administrator for what is asked here.
func call(address string, code int, fields map[string]string, body []byte) ([]byte, error) {
	link, err := net.DialTimeout("tcp", address, callLimit)
	if err != nil {
		return nil, err
	}
	defer link.Close()
	if err = link.SetDeadline(time.Now().Add(callLimit)); err != nil {
		return nil, err
	}
	header, err := json.Marshal(map[string]any{"code": code, "flag": 0, "language": "GO",
		"opaque": 1, "version": 431, "extFields": fields})
	if err != nil {
		return nil, err
	}
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)+len(body)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(header)))
	if _, err = link.Write(append(append(frame, header...), body...)); err != nil {
		return nil, err
	}
	var sizes [8]byte
	if _, err = io.ReadFull(link, sizes[:]); err != nil {
		return nil, err
	}
	head := int(binary.BigEndian.Uint32(sizes[4:]) & 0xFFFFFF)
	rest := make([]byte, int(binary.BigEndian.Uint32(sizes[:4]))-4)
	if _, err = io.ReadFull(link, rest); err != nil {
		return nil, err
	}
	var answer struct {
		Code   int
		Remark string
	}
	if err = json.Unmarshal(rest[:head], &answer); err != nil {
		return nil, err
	}
	if answer.Code != 0 {
		return nil, fmt.Errorf("request %d: code %d: %s", code, answer.Code, answer.Remark)
	}
	return rest[head:], nil
}

var brokerAddress = regexp.MustCompile(`"?0"?:"([0-9.]+:[0-9]+)"`)

func (w world) broker() (string, error) {
	route, err := call(w.namesrv[0], getRouteInfoByTopic, map[string]string{"topic": w.topic}, nil)
	if err != nil {
		return "", err
	}
	found := brokerAddress.FindSubmatch(route)
	if found == nil {
		return "", fmt.Errorf("no broker in %s", route)
	}
	return string(found[1]), nil
}

// resetOffset sends a group back to the start while it consumes: once as its
// next pulls are told, once as its members are told.
func resetOffset(w world) error {
	p, err := w.producer()
	if err != nil {
		return err
	}
	defer p.Shutdown()
	for i := 0; i < count; i++ {
		_, err = p.SendSync(context.Background(), primitive.NewMessage(w.topic, []byte(body(i))))
		if err != nil {
			return err
		}
	}
	box := &inbox{}
	push, err := w.consumer("*", func(_ context.Context,
		messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		box.add(messages...)
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return err
	}
	defer push.Shutdown()
	if err = box.await(bodies(0, count, 1)); err != nil {
		return err
	}
	broker, err := w.broker()
	if err != nil {
		return err
	}
	for round, atBroker := range []string{"true", "false"} {
		setting := []byte("useServerSideResetOffset=" + atBroker + "\n")
		if _, err = call(broker, updateBrokerConfig, nil, setting); err != nil {
			return err
		}
		_, err = call(broker, invokeBrokerToResetOffset, map[string]string{"topic": w.topic,
			"group": "G_" + w.group, "timestamp": "0", "isForce": "true", "queueId": "-1"}, nil)
		call(broker, updateBrokerConfig, nil, []byte("useServerSideResetOffset=true\n"))
		if err != nil {
			return err
		}
		if err = box.awaitDeliveries((round + 2) * count); err != nil {
			return fmt.Errorf("reset at the broker %s: %w", atBroker, err)
		}
	}
	return nil
}

// awaitDeliveries waits until so many have come; each body as often as any.
func (box *inbox) awaitDeliveries(wanted int) error {
	for end := time.Now().Add(awaitLimit); len(box.snapshot()) < wanted; {
		if time.Now().After(end) {
			return fmt.Errorf("got %d of %d deliveries", len(box.snapshot()), wanted)
		}
		time.Sleep(50 * time.Millisecond)
	}
	seen := map[string]int{}
	for _, message := range box.snapshot() {
		seen[string(message.Body)]++
	}
	for text, times := range seen {
		if times*len(seen) < wanted {
			return fmt.Errorf("%q came %d times only", text, times)
		}
	}
	return nil
}
