package interop;

import interop.Case.Mark;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Members that share, groups that each get all, retries to the dead letters. */
final class GroupCases {
    private GroupCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("group_rebalance", GroupCases::rebalance);
        cases.add("group_two_groups", GroupCases::twoGroups);
        cases.add("group_broadcast", GroupCases::broadcast);
        cases.add("group_retry", GroupCases::retry, Mark.BINARY);
        cases.add("group_dead_letter", GroupCases::deadLetter);
        cases.add("group_orderly", GroupCases::orderly);
    }

    private static DefaultMQPushConsumer member(World world, BlockingQueue<MessageExt> seen) throws Exception {
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        return consumer;
    }

    /** Three members; one joins and one leaves while messages flow; nothing is missed. */
    private static void rebalance(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "warm", 1);
        List<BlockingQueue<MessageExt>> seen = new ArrayList<>();
        List<DefaultMQPushConsumer> members = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            seen.add(World.inbox());
            members.add(member(world, seen.get(i)));
            world.start(members.get(i));
        }
        World.sendNumbered(producer, world.topic, "A", "one", 200);
        seen.add(World.inbox());
        DefaultMQPushConsumer third = member(world, seen.get(2));
        world.start(third);
        World.sendNumbered(producer, world.topic, "A", "two", 200);
        Thread.sleep(3000);
        members.get(0).shutdown();
        World.sendNumbered(producer, world.topic, "A", "three", 200);
        TreeSet<String> wanted = World.numbered("one", 200);
        wanted.addAll(World.numbered("two", 200));
        wanted.addAll(World.numbered("three", 200));
        wanted.add("warm-0");
        World.await("all of them", 60, () -> {
            TreeSet<String> all = new TreeSet<>();
            for (BlockingQueue<MessageExt> one : seen) {
                all.addAll(World.bodies(one));
            }
            return all.equals(wanted);
        });
        // Settled: from here each message once.
        Thread.sleep(3000);
        int before = seen.get(1).size() + seen.get(2).size();
        int left = seen.get(0).size();
        int secondBefore = seen.get(1).size();
        int thirdBefore = seen.get(2).size();
        World.sendNumbered(producer, world.topic, "A", "four", 200);
        World.await("the settled ones", 30, () -> seen.get(1).size() + seen.get(2).size() >= before + 200);
        Thread.sleep(500);
        World.same(before + 200, seen.get(1).size() + seen.get(2).size(), "each once");
        World.same(left, seen.get(0).size(), "nothing for who left");
        World.check(seen.get(1).size() > secondBefore && seen.get(2).size() > thirdBefore, "both work");
    }

    private static void twoGroups(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 50);
        List<BlockingQueue<MessageExt>> seen = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            BlockingQueue<MessageExt> inbox = World.inbox();
            seen.add(inbox);
            DefaultMQPushConsumer consumer = world.consumer(world.group + "_" + i);
            consumer.subscribe(world.topic, "*");
            consumer.registerMessageListener(World.into(inbox));
            world.start(consumer);
        }
        for (BlockingQueue<MessageExt> inbox : seen) {
            World.await("50 messages", 30, () -> inbox.size() >= 50);
            World.same(World.numbered("m", 50), World.bodies(inbox), "bodies");
            World.same(50, inbox.size(), "deliveries");
        }
    }

    private static void broadcast(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "warm", 4);
        List<BlockingQueue<MessageExt>> seen = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            BlockingQueue<MessageExt> inbox = World.inbox();
            seen.add(inbox);
            DefaultMQPushConsumer consumer = member(world, inbox);
            World.broadcasting(consumer);
            world.start(consumer);
        }
        Thread.sleep(3000);
        World.sendNumbered(producer, world.topic, "A", "m", 50);
        for (BlockingQueue<MessageExt> inbox : seen) {
            World.await("50 messages", 30, () -> World.bodies(inbox).containsAll(World.numbered("m", 50)));
        }
    }

    /** Refused once each: they come again, marked, under their own topic and id. */
    private static void retry(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        Map<String, String> ids = new HashMap<>();
        for (int i = 0; i < 10; i++) {
            ids.put(producer.send(new Message(world.topic, "A", World.text("m-" + i))).getMsgId(), "m-" + i);
        }
        Map<String, AtomicInteger> times = new ConcurrentHashMap<>();
        BlockingQueue<MessageExt> again = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            context.setDelayLevelWhenNextConsume(1);
            for (MessageExt message : messages) {
                if (times.computeIfAbsent(World.text(message), x -> new AtomicInteger()).incrementAndGet() > 1) {
                    again.add(message);
                } else {
                    return ConsumeConcurrentlyStatus.RECONSUME_LATER;
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        world.start(consumer);
        World.await("all ten again", 60, () -> World.bodies(again).size() == 10);
        for (MessageExt message : again) {
            World.same(1, message.getReconsumeTimes(), "reconsume times");
            World.same(world.topic, message.getTopic(), "topic");
            World.same(ids.get(message.getMsgId()), World.text(message), "id");
        }
    }

    private static void deadLetter(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        String id = producer.send(new Message(world.topic, "A", "k", World.text("poison"))).getMsgId();
        AtomicInteger times = new AtomicInteger();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.setMaxReconsumeTimes(2);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            times.incrementAndGet();
            context.setDelayLevelWhenNextConsume(1);
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        world.start(consumer);
        World.await("three tries", 60, () -> times.get() >= 3);
        BlockingQueue<MessageExt> dead = World.inbox();
        Thread.sleep(1500);
        DefaultMQPushConsumer doctor = world.consumer(world.group + "_doctor");
        doctor.subscribe("%DLQ%" + world.group, "*");
        doctor.registerMessageListener(World.into(dead));
        AdminCases.makeReadable(world, "%DLQ%" + world.group);
        world.start(doctor);
        World.await("the dead letter", 60, () -> !dead.isEmpty());
        World.same("poison", World.text(dead.peek()), "body");
        World.same(id, dead.peek().getMsgId(), "unique id");
        World.same(world.topic, dead.peek().getProperty("DLQ_ORIGIN_TOPIC") == null
            ? dead.peek().getProperty("RETRY_TOPIC") : dead.peek().getProperty("DLQ_ORIGIN_TOPIC"), "origin");
        World.same(3, times.get(), "tries");
    }

    private static void orderly(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "warm", 1);
        for (int i = 0; i < 200; i++) {
            producer.send(new Message(world.topic, "A", World.text(i % 4 + ":" + i / 4)),
                (queues, message, argument) -> queues.get((Integer) argument), i % 4);
        }
        Map<Integer, List<String>> seen = new ConcurrentHashMap<>();
        AtomicInteger count = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            DefaultMQPushConsumer consumer = world.consumer(world.group);
            consumer.subscribe(world.topic, "*");
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                for (MessageExt message : messages) {
                    String text = World.text(message);
                    List<String> before = seen.computeIfAbsent(message.getQueueId(),
                        x -> Collections.synchronizedList(new ArrayList<>()));
                    // A member that gives its queue away does not commit the message it is at:
                    // the next one gets that message again, and none before it.
                    boolean again = !before.isEmpty() && before.get(before.size() - 1).equals(text);
                    if (!text.startsWith("warm") && !again) {
                        before.add(text);
                        count.incrementAndGet();
                    }
                }
                return ConsumeOrderlyStatus.SUCCESS;
            });
            world.start(consumer);
        }
        World.await("200 messages", 90, () -> count.get() >= 200);
        for (Map.Entry<Integer, List<String>> entry : seen.entrySet()) {
            List<String> wanted = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                wanted.add(entry.getKey() + ":" + i);
            }
            World.same(wanted, entry.getValue(), "order in queue " + entry.getKey());
        }
    }
}
