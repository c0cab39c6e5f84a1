package interop;

import interop.Case.Mark;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Half messages that are settled by their producer, and calls that are answered. */
final class TransactionCases {
    private TransactionCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("transaction_check", TransactionCases::check, Mark.SLOW);
        cases.add("transaction_check_other", TransactionCases::checkOther, Mark.SLOW);
        cases.add("transaction_immunity", TransactionCases::immunity, Mark.SLOW);
        cases.add("transaction_settle", TransactionCases::settle);
        cases.add("custom_check", TransactionCases::customCheck, Mark.CUSTOM);
        cases.add("custom_reply", TransactionCases::customReply, Mark.CUSTOM, Mark.BINARY);
        cases.add("request_reply", TransactionCases::requestReply, Mark.BINARY);
    }

    private static TransactionMQProducer producer(World world, TransactionListener listener) throws Exception {
        TransactionMQProducer producer = new TransactionMQProducer("P_" + world.group);
        producer.setNamesrvAddr(world.namesrv);
        producer.setInstanceName(World.instance());
        producer.setTransactionListener(listener);
        producer.start();
        world.atEnd(producer::shutdown);
        return producer;
    }

    private static BlockingQueue<MessageExt> consumeAll(World world, DefaultMQProducer producer) throws Exception {
        BlockingQueue<MessageExt> seen = World.inbox();
        // A consumer that starts before there is a topic waits half a minute for its next heartbeat.
        World.sendNumbered(producer, world.topic, "warm", "warm", 1);
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "A");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        return seen;
    }

    /** Body `commit-...` is committed, anything else rolled back. */
    private static LocalTransactionState verdict(byte[] body) {
        return new String(body, java.nio.charset.StandardCharsets.UTF_8).startsWith("commit")
            ? LocalTransactionState.COMMIT_MESSAGE : LocalTransactionState.ROLLBACK_MESSAGE;
    }

    /** Leaves every transaction open, and decides those that it is asked about if `decides`. */
    private static TransactionListener undecided(ConcurrentHashMap<String, Long> asked, boolean decides) {
        return new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                return LocalTransactionState.UNKNOW;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                asked.putIfAbsent(World.text(message), System.currentTimeMillis());
                return decides ? verdict(message.getBody()) : LocalTransactionState.UNKNOW;
            }
        };
    }

    /** The producer is gone; another one of its group, which has begun no transaction, is asked. */
    private static void checkOther(World world) throws Exception {
        ConcurrentHashMap<String, Long> asked = new ConcurrentHashMap<>();
        TransactionMQProducer first = producer(world, undecided(new ConcurrentHashMap<>(), false));
        DefaultMQProducer plain = world.producer("P_plain_" + world.group);
        BlockingQueue<MessageExt> seen = consumeAll(world, plain);
        // It tells the broker of its group by its heartbeats, once it has sent something there.
        TransactionMQProducer other = new TransactionMQProducer("P_" + world.group);
        other.setNamesrvAddr(world.namesrv);
        other.setInstanceName(World.instance());
        other.setHeartbeatBrokerInterval(4000);
        other.setTransactionListener(undecided(asked, true));
        other.start();
        world.atEnd(other::shutdown);
        World.sendNumbered(other, world.topic, "warm", "other", 1);
        for (int i = 0; i < 3; i++) {
            first.sendMessageInTransaction(new Message(world.topic, "A", World.text("commit-" + i)), null);
            first.sendMessageInTransaction(new Message(world.topic, "A", World.text("drop-" + i)), null);
        }
        first.shutdown();
        TreeSet<String> all = World.numbered("commit", 3);
        all.addAll(World.numbered("drop", 3));
        World.await("a question for each", 90, () -> asked.keySet().containsAll(all));
        World.await("three committed", 30, () -> World.bodies(seen).containsAll(World.numbered("commit", 3)));
        World.same(World.numbered("commit", 3), World.bodies(seen), "the committed ones");
    }

    /** A message may say how long it wants to be left alone. */
    private static void immunity(World world) throws Exception {
        ConcurrentHashMap<String, Long> asked = new ConcurrentHashMap<>();
        TransactionMQProducer producer = producer(world, undecided(asked, true));
        BlockingQueue<MessageExt> seen = consumeAll(world, producer);
        int seconds = 20;
        Message immune = new Message(world.topic, "A", World.text("commit-immune"));
        immune.putUserProperty("CHECK_IMMUNITY_TIME_IN_SECONDS", Integer.toString(seconds));
        long began = System.currentTimeMillis();
        producer.sendMessageInTransaction(immune, null);
        World.await("its question", 90, () -> asked.containsKey("commit-immune"));
        long after = asked.get("commit-immune") - began;
        World.check(after >= seconds * 1000L - 100, "asked after " + after + " ms already");
        World.await("the message", 30, () -> World.bodies(seen).contains("commit-immune"));
    }

    private static void settle(World world) throws Exception {
        TransactionMQProducer producer = producer(world, new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                return verdict(message.getBody());
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                return verdict(message.getBody());
            }
        });
        BlockingQueue<MessageExt> seen = consumeAll(world, producer);
        for (int i = 0; i < 10; i++) {
            producer.sendMessageInTransaction(new Message(world.topic, "A", World.text("commit-" + i)), null);
            producer.sendMessageInTransaction(new Message(world.topic, "A", World.text("drop-" + i)), null);
        }
        World.await("ten committed", 60, () -> World.bodies(seen).containsAll(World.numbered("commit", 10)));
        Thread.sleep(1000);
        World.same(World.numbered("commit", 10), World.bodies(seen), "the committed ones");
        World.same(10, seen.size(), "deliveries");
    }

    /** The producer does not know at first; the broker asks again. */
    private static void check(World world) throws Exception {
        ConcurrentHashMap<String, AtomicInteger> asked = new ConcurrentHashMap<>();
        TransactionMQProducer producer = producer(world, new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                return LocalTransactionState.UNKNOW;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                asked.computeIfAbsent(World.text(message), x -> new AtomicInteger()).incrementAndGet();
                return verdict(message.getBody());
            }
        });
        BlockingQueue<MessageExt> seen = consumeAll(world, producer);
        for (int i = 0; i < 3; i++) {
            producer.sendMessageInTransaction(new Message(world.topic, "A", World.text("commit-" + i)), null);
            producer.sendMessageInTransaction(new Message(world.topic, "A", World.text("drop-" + i)), null);
        }
        TreeSet<String> all = World.numbered("commit", 3);
        all.addAll(World.numbered("drop", 3));
        World.await("a question for each", 90, () -> asked.keySet().containsAll(all));
        World.await("three committed", 30, () -> World.bodies(seen).containsAll(World.numbered("commit", 3)));
        World.same(World.numbered("commit", 3), World.bodies(seen), "the committed ones");
    }

    /** The producer dies without a word; a custom actor of the broker knows how its transactions ended. */
    private static void customCheck(World world) throws Exception {
        DefaultMQProducer ledger = world.producer("P_ledger_" + world.group);
        TransactionMQProducer producer = producer(world, new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                return LocalTransactionState.UNKNOW;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                throw new IllegalStateException("it is dead");
            }
        });
        BlockingQueue<MessageExt> seen = consumeAll(world, ledger);
        for (int i = 0; i < 3; i++) {
            for (String what : new String[] {"commit", "drop"}) {
                String key = what + "-" + i + "-" + world.group;
                producer.sendMessageInTransaction(new Message(world.topic, "A", key, World.text(what + "-" + i)), null);
                ledger.send(new Message("interop-outcomes", "", key,
                    World.text(what.equals("commit") ? "commit" : "roll_back")));
            }
        }
        producer.shutdown();
        World.await("three committed", 60, () -> World.bodies(seen).containsAll(World.numbered("commit", 3)));
        Thread.sleep(1000);
        World.same(World.numbered("commit", 3), World.bodies(seen), "the committed ones");
    }

    /** A custom actor of the broker answers what this client asks. */
    private static void customReply(World world) throws Exception {
        DefaultMQProducer asking = world.producer();
        String item = "item_" + world.group;
        World.same("none", ask(asking, "set " + item + " 1"), "the price before");
        for (int i = 1; i < 5; i++) {
            World.same(Integer.toString(i), ask(asking, "set " + item + " " + (i + 1)), "the price before");
        }
        World.same("5", ask(asking, item), "the price");
        Message refused = asking.request(new Message("interop-prices", World.text("no_" + item)), 15000);
        World.same(0, refused.getBody() == null ? 0 : refused.getBody().length, "bytes of a refusal");
        World.same("no price is known for `no_" + item + "`", refused.getProperty("REFUSED"), "why");
    }

    private static String ask(DefaultMQProducer asking, String text) throws Exception {
        Message reply = asking.request(new Message("interop-prices", World.text(text)), 15000);
        return new String(reply.getBody(), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static void requestReply(World world) throws Exception {
        DefaultMQProducer answering = world.producer();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                if (message.getProperty("CORRELATION_ID") == null) {
                    continue;
                }
                try {
                    answering.send(MessageUtil.createReplyMessage(message,
                        World.text("re: " + World.text(message))));
                } catch (Exception e) {
                    e.printStackTrace();
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        DefaultMQProducer asking = world.producer();
        World.sendNumbered(asking, world.topic, "A", "warm", 1);
        world.start(consumer);
        Thread.sleep(2000);
        for (int i = 0; i < 5; i++) {
            Message reply = asking.request(new Message(world.topic, "A", World.text("q-" + i)), 15000);
            World.same("re: q-" + i, new String(reply.getBody(), java.nio.charset.StandardCharsets.UTF_8), "reply");
        }
    }
}
