// What a program on the official Go client does, checked to the content of
// what arrives. usage: list | cases NAMESRV NAME,NAME...; prints
// PASS|FAIL name seconds detail.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const (
	count      = 60
	caseLimit  = 90 * time.Second
	awaitLimit = 50 * time.Second
	// Long enough for a second delivery of the same message to show.
	settle = 500 * time.Millisecond
)

// world is what a case works with: names of its own and the name server.
type world struct {
	namesrv []string
	topic   string
	group   string
}

type inbox struct {
	sync.Mutex
	messages []*primitive.MessageExt
}

func (box *inbox) add(messages ...*primitive.MessageExt) {
	box.Lock()
	defer box.Unlock()
	box.messages = append(box.messages, messages...)
}

func (box *inbox) snapshot() []*primitive.MessageExt {
	box.Lock()
	defer box.Unlock()
	return append([]*primitive.MessageExt(nil), box.messages...)
}

// await waits until each wanted body has come, and checks that it came once.
func (box *inbox) await(wanted map[string]bool) error {
	for end := time.Now().Add(awaitLimit); len(box.snapshot()) < len(wanted); {
		if time.Now().After(end) {
			return fmt.Errorf("got %d of %d messages", len(box.snapshot()), len(wanted))
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(settle)
	seen := map[string]int{}
	for _, message := range box.snapshot() {
		text := string(message.Body)
		if !wanted[text] {
			return fmt.Errorf("nobody wanted %q", text)
		}
		if seen[text]++; seen[text] > 1 {
			return fmt.Errorf("%q came twice", text)
		}
	}
	if len(seen) != len(wanted) {
		return fmt.Errorf("%d of %d bodies came", len(seen), len(wanted))
	}
	return nil
}

func body(i int) string { return fmt.Sprintf("m-%d ünïcode 🎭", i) }

func bodies(from, to, step int) map[string]bool {
	wanted := map[string]bool{}
	for i := from; i < to; i += step {
		wanted[body(i)] = true
	}
	return wanted
}

func (w world) producer(options ...producer.Option) (rocketmq.Producer, error) {
	made, err := rocketmq.NewProducer(append(options, producer.WithNameServer(w.namesrv),
		producer.WithGroupName("P_"+w.group), producer.WithInstanceName("P_"+w.group),
		producer.WithRetry(2))...)
	if err != nil {
		return nil, err
	}
	return made, made.Start()
}

type handler = func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error)

func (w world) consumer(expression string, handle handler,
	options ...consumer.Option) (rocketmq.PushConsumer, error) {
	push, err := rocketmq.NewPushConsumer(append(options, consumer.WithNameServer(w.namesrv),
		consumer.WithGroupName("G_"+w.group), consumer.WithInstance("G_"+w.group),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))...)
	if err != nil {
		return nil, err
	}
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: expression}
	if err = push.Subscribe(w.topic, selector, handle); err != nil {
		return nil, err
	}
	return push, push.Start()
}

func (w world) receive(expression string, wanted map[string]bool) ([]*primitive.MessageExt, error) {
	box := &inbox{}
	push, err := w.consumer(expression, func(_ context.Context,
		messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		box.add(messages...)
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return nil, err
	}
	defer push.Shutdown()
	err = box.await(wanted)
	return box.snapshot(), err
}

func sendSync(w world) error {
	p, err := w.producer()
	if err != nil {
		return err
	}
	defer p.Shutdown()
	for i := 0; i < count; i++ {
		message := primitive.NewMessage(w.topic, []byte(body(i)))
		message.WithKeys([]string{fmt.Sprint("k", i), "all"})
		message.WithProperty("colour", "grün")
		result, err := p.SendSync(context.Background(), message)
		if err != nil {
			return err
		}
		if result.Status != primitive.SendOK {
			return fmt.Errorf("status %v", result.Status)
		}
	}
	messages, err := w.receive("*", bodies(0, count, 1))
	for _, message := range messages {
		if !strings.HasSuffix(message.GetKeys(), " all") || message.GetProperty("colour") != "grün" {
			return fmt.Errorf("properties %v", message.GetProperties())
		}
	}
	return err
}

func sendAsyncTags(w world) error {
	p, err := w.producer()
	if err != nil {
		return err
	}
	defer p.Shutdown()
	results := make(chan error, count)
	for i := 0; i < count; i++ {
		message := primitive.NewMessage(w.topic, []byte(body(i)))
		message.WithTag([]string{"even", "odd", "none"}[i%3])
		err = p.SendAsync(context.Background(), func(_ context.Context,
			_ *primitive.SendResult, err error) {
			results <- err
		}, message)
		if err != nil {
			return err
		}
	}
	for i := 0; i < count; i++ {
		select {
		case err = <-results:
			if err != nil {
				return err
			}
		case <-time.After(awaitLimit):
			return fmt.Errorf("%d of %d callbacks came", i, count)
		}
	}
	wanted := bodies(0, count, 3)
	for text := range bodies(1, count, 3) {
		wanted[text] = true
	}
	_, err = w.receive("even || odd", wanted)
	return err
}

func sendBatch(w world) error {
	p, err := w.producer()
	if err != nil {
		return err
	}
	defer p.Shutdown()
	var batch []*primitive.Message
	for i := 0; i < count; i++ {
		batch = append(batch, primitive.NewMessage(w.topic, []byte(body(i))))
	}
	if _, err = p.SendSync(context.Background(), batch...); err != nil {
		return err
	}
	_, err = w.receive("*", bodies(0, count, 1))
	return err
}

// sendOneWay also sends one body that is large enough to be compressed.
func sendOneWay(w world) error {
	p, err := w.producer()
	if err != nil {
		return err
	}
	defer p.Shutdown()
	big := strings.Repeat("all the world is a stage. ", 4000)
	_, err = p.SendSync(context.Background(), primitive.NewMessage(w.topic, []byte(big)))
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		err = p.SendOneWay(context.Background(), primitive.NewMessage(w.topic, []byte(body(i))))
		if err != nil {
			return err
		}
	}
	wanted := bodies(0, count, 1)
	wanted[big] = true
	_, err = w.receive("*", wanted)
	return err
}

func orderly(w world) error {
	p, err := w.producer(producer.WithQueueSelector(producer.NewHashQueueSelector()))
	if err != nil {
		return err
	}
	defer p.Shutdown()
	for i := 0; i < count; i++ {
		message := primitive.NewMessage(w.topic, []byte(fmt.Sprintf("%d:%d", i%4, i/4)))
		message.WithShardingKey(fmt.Sprint("key-", i%4))
		if _, err = p.SendSync(context.Background(), message); err != nil {
			return err
		}
	}
	var lock sync.Mutex
	next, total := map[string]int{}, 0
	var disorder error
	push, err := w.consumer("*", func(_ context.Context,
		messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		lock.Lock()
		defer lock.Unlock()
		for _, message := range messages {
			key, text, _ := strings.Cut(string(message.Body), ":")
			if text != fmt.Sprint(next[key]) {
				disorder = fmt.Errorf("key %s: got %s, wanted %d", key, text, next[key])
			}
			next[key]++
			total++
		}
		return consumer.ConsumeSuccess, nil
	}, consumer.WithConsumerOrder(true))
	if err != nil {
		return err
	}
	defer push.Shutdown()
	for end := time.Now().Add(awaitLimit); ; time.Sleep(50 * time.Millisecond) {
		lock.Lock()
		got, problem := total, disorder
		lock.Unlock()
		if problem != nil {
			return problem
		}
		if got == count {
			return nil
		}
		if got > count || time.Now().After(end) {
			return fmt.Errorf("got %d of %d messages", got, count)
		}
	}
}

// retry refuses a message once; it comes again, marked, under its own topic.
func retry(w world) error {
	p, err := w.producer()
	if err != nil {
		return err
	}
	defer p.Shutdown()
	_, err = p.SendSync(context.Background(), primitive.NewMessage(w.topic, []byte("again")))
	if err != nil {
		return err
	}
	tries := make(chan *primitive.MessageExt, 100)
	push, err := w.consumer("*", func(ctx context.Context,
		messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		if context, ok := primitive.GetConcurrentlyCtx(ctx); ok {
			context.DelayLevelWhenNextConsume = 1
		}
		result := consumer.ConsumeSuccess
		for _, message := range messages {
			tries <- message
			if message.ReconsumeTimes == 0 {
				result = consumer.ConsumeRetryLater
			}
		}
		return result, nil
	})
	if err != nil {
		return err
	}
	defer push.Shutdown()
	for end := time.After(awaitLimit); ; {
		select {
		case message := <-tries:
			if message.ReconsumeTimes == 0 {
				continue
			}
			if message.ReconsumeTimes != 1 || string(message.Body) != "again" || message.Topic != w.topic {
				return fmt.Errorf("came back as %v", message)
			}
			return nil
		case <-end:
			return errors.New("it did not come again")
		}
	}
}

// requestReply asks five times; a consumer of this client answers.
func requestReply(w world) error {
	asking, err := w.producer()
	if err != nil {
		return err
	}
	defer asking.Shutdown()
	answers := w
	answers.group += "_answers"
	answering, err := answers.producer()
	if err != nil {
		return err
	}
	defer answering.Shutdown()
	if _, err = asking.SendSync(context.Background(), primitive.NewMessage(w.topic, []byte("warm"))); err != nil {
		return err
	}
	push, err := w.consumer("*", func(ctx context.Context,
		messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, message := range messages {
			if message.GetProperty(primitive.PropertyCorrelationID) == "" {
				continue
			}
			// This client's function takes the body for properties.
			reply, err := consumer.CreateReplyMessage(message, nil)
			if err == nil {
				reply.Body = []byte("re: " + string(message.Body))
				_, err = answering.SendSync(ctx, reply)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, "request_reply:", err)
			}
		}
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return err
	}
	defer push.Shutdown()
	time.Sleep(2 * time.Second)
	for i := 0; i < 5; i++ {
		question := fmt.Sprintf("q-%d", i)
		reply, err := asking.Request(context.Background(), 15*time.Second,
			primitive.NewMessage(w.topic, []byte(question)))
		if err != nil {
			return fmt.Errorf("%s: %w", question, err)
		}
		if string(reply.Body) != "re: "+question {
			return fmt.Errorf("%s was answered %q", question, reply.Body)
		}
	}
	return nil
}

// filterSQL gets what an expression over properties lets through.
func filterSQL(w world) error {
	p, err := w.producer()
	if err != nil {
		return err
	}
	defer p.Shutdown()
	wanted := map[string]bool{}
	for i := 0; i < 40; i++ {
		message := primitive.NewMessage(w.topic, []byte(body(i)))
		message.WithProperty("price", fmt.Sprint(i))
		if i%2 == 0 {
			message.WithProperty("even", "yes")
		}
		if _, err = p.SendSync(context.Background(), message); err != nil {
			return err
		}
		if i > 20 && i%2 == 0 {
			wanted[body(i)] = true
		}
	}
	box := &inbox{}
	push, err := rocketmq.NewPushConsumer(consumer.WithNameServer(w.namesrv),
		consumer.WithGroupName("G_"+w.group), consumer.WithInstance("G_"+w.group),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	if err != nil {
		return err
	}
	selector := consumer.MessageSelector{Type: consumer.SQL92, Expression: "price > 20 AND even IS NOT NULL"}
	err = push.Subscribe(w.topic, selector, func(_ context.Context,
		messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		box.add(messages...)
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return err
	}
	if err = push.Start(); err != nil {
		return err
	}
	defer push.Shutdown()
	return box.await(wanted)
}

var cases = []struct {
	name  string
	marks string
	run   func(world) error
}{
	{"retry", "", retry},
	{"orderly", "", orderly},
	{"request_reply", "", requestReply},
	{"filter_sql", "", filterSQL},
	{"send_sync", "", sendSync},
	{"send_async_tags", "", sendAsyncTags},
	{"send_batch", "", sendBatch},
	{"send_oneway", "", sendOneWay},
	{"reset_offset", "SLOW", resetOffset},
}

func runOne(name string, run func(world) error, namesrv string) bool {
	began := time.Now()
	unique := fmt.Sprintf("go_%s_%d", name, began.UnixNano())
	done := make(chan error, 1)
	go func() {
		done <- run(world{namesrv: []string{namesrv}, topic: "T_" + unique, group: unique})
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(caseLimit):
		err = fmt.Errorf("no end after %v", caseLimit)
	}
	verdict, detail := "PASS", ""
	if err != nil {
		verdict, detail = "FAIL", strings.ReplaceAll(err.Error(), "\n", " ")
	}
	fmt.Printf("%s %s %.1f %s\n", verdict, name, time.Since(began).Seconds(), detail)
	return err == nil
}

func main() {
	rlog.SetLogLevel("error")
	if len(os.Args) == 2 && os.Args[1] == "list" {
		for _, one := range cases {
			fmt.Printf("%s [%s]\n", one.name, one.marks)
		}
		return
	}
	if len(os.Args) != 4 || os.Args[1] != "cases" {
		fmt.Fprintln(os.Stderr, "usage: list | cases NAMESRV NAME,NAME...")
		os.Exit(2)
	}
	wanted := "," + os.Args[3] + ","
	var all sync.WaitGroup
	passed := make(chan bool, len(cases))
	for _, one := range cases {
		if strings.Contains(wanted, ","+one.name+",") {
			one := one
			all.Add(1)
			go func() {
				defer all.Done()
				passed <- runOne(one.name, one.run, os.Args[2])
			}()
		}
	}
	all.Wait()
	close(passed)
	for ok := range passed {
		if !ok {
			os.Exit(1)
		}
	}
}
