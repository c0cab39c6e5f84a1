package interop;

import interop.Case.Mark;
import java.util.Collections;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Looking at messages, topics and groups, as client and as administrator. */
final class AdminCases {
    private AdminCases() {
    }

    static void addTo(Case.Catalogue cases) {
        cases.add("admin_view_message", AdminCases::viewMessage);
        cases.add("admin_query_by_key", AdminCases::queryByKey, Mark.BINARY);
        cases.add("admin_topics", AdminCases::topics, Mark.BINARY);
        cases.add("admin_consume_stats", AdminCases::consumeStats, Mark.SLOW);
        cases.add("admin_reset_offset", AdminCases::resetOffset, Mark.SLOW);
        cases.add("admin_consume_directly", AdminCases::consumeDirectly);
        cases.add("admin_consume_queue", AdminCases::consumeQueue);
        cases.add("admin_settings", AdminCases::settings);
        cases.add("admin_settings_refused", AdminCases::settingsRefused, Mark.OURS);
    }

    private static DefaultMQAdminExt admin(World world) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(world.namesrv);
        admin.setInstanceName(World.instance());
        admin.start();
        world.atEnd(admin::shutdown);
        return admin;
    }

    private static String brokerAddress(DefaultMQAdminExt admin) throws Exception {
        return admin.examineBrokerClusterInfo().getBrokerAddrTable().values().iterator().next()
            .getBrokerAddrs().get(0L);
    }

    /** Dead letters are write-only until somebody opens them, as in any RocketMQ. */
    static void makeReadable(World world, String topic) throws Exception {
        DefaultMQAdminExt admin = admin(world);
        TopicConfig config = new TopicConfig(topic);
        config.setReadQueueNums(1);
        config.setWriteQueueNums(1);
        config.setPerm(6);
        admin.createAndUpdateTopicConfig(brokerAddress(admin), config);
    }

    private static void viewMessage(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        SendResult sent = producer.send(new Message(world.topic, "A", "k-1", World.text("look at me")));
        DefaultMQAdminExt admin = admin(world);
        MessageExt byOffset = admin.viewMessage(world.topic, sent.getOffsetMsgId());
        World.same("look at me", World.text(byOffset), "by offset id");
        World.await("the index", 20, () -> {
            try {
                return World.text(admin.viewMessage(world.topic, sent.getMsgId())).equals("look at me");
            } catch (Exception e) {
                return false;
            }
        });
    }

    private static void queryByKey(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        long begin = System.currentTimeMillis() - 1000;
        for (int i = 0; i < 20; i++) {
            producer.send(new Message(world.topic, "A", "order-" + i % 4 + " all", World.text("m-" + i)));
        }
        DefaultMQAdminExt admin = admin(world);
        World.await("five of one key", 20, () -> {
            try {
                QueryResult found = admin.queryMessage(world.topic, "order-2", 32, begin,
                    System.currentTimeMillis() + 1000);
                return found.getMessageList().size() == 5;
            } catch (Exception e) {
                return false;
            }
        });
        QueryResult all = admin.queryMessage(world.topic, "all", 64, begin, System.currentTimeMillis() + 1000);
        World.same(20, all.getMessageList().size(), "second key");
    }

    private static void topics(World world) throws Exception {
        DefaultMQAdminExt admin = admin(world);
        String broker = brokerAddress(admin);
        TopicConfig config = new TopicConfig(world.topic);
        config.setReadQueueNums(3);
        config.setWriteQueueNums(3);
        admin.createAndUpdateTopicConfig(broker, config);
        World.await("the route", 20, () -> {
            try {
                return admin.examineTopicRouteInfo(world.topic).getQueueDatas().get(0).getReadQueueNums() == 3;
            } catch (Exception e) {
                return false;
            }
        });
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 30);
        long total = admin.examineTopicStats(world.topic).getOffsetTable().values().stream()
            .mapToLong(x -> x.getMaxOffset() - x.getMinOffset()).sum();
        World.same(30L, total, "messages in the topic");
        World.check(admin.fetchAllTopicList().getTopicList().contains(world.topic), "in the list");
        admin.deleteTopicInBroker(Collections.singleton(broker), world.topic);
        admin.deleteTopicInNameServer(Collections.singleton(world.namesrv), "DefaultCluster", world.topic);
        World.await("the end of the route", 20, () -> {
            try {
                admin.examineTopicRouteInfo(world.topic);
                return false;
            } catch (Exception e) {
                return true;
            }
        });
    }

    private static void consumeStats(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 40);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("40 messages", 30, () -> seen.size() >= 40);
        DefaultMQAdminExt admin = admin(world);
        World.await("no backlog", 40, () -> {
            try {
                return admin.examineConsumeStats(world.group).computeTotalDiff() == 0;
            } catch (Exception e) {
                return false;
            }
        });
        World.same(1, admin.examineConsumerConnectionInfo(world.group).getConnectionSet().size(), "connections");
        String client = admin.examineConsumerConnectionInfo(world.group).getConnectionSet().iterator().next()
            .getClientId();
        World.check(admin.getConsumerRunningInfo(world.group, client, false).getSubscriptionSet().stream()
            .anyMatch(x -> x.getTopic().equals(world.topic)), "running info through the broker");
        World.check(admin.queryTopicConsumeByWho(world.topic).getGroupList().contains(world.group), "who");
    }

    private static void resetOffset(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        World.sendNumbered(producer, world.topic, "A", "m", 20);
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("20 messages", 30, () -> seen.size() >= 20);
        DefaultMQAdminExt admin = admin(world);
        admin.resetOffsetByTimestamp(world.topic, world.group, 0, true);
        World.await("20 again", 60, () -> seen.size() >= 40);
        // The same when the broker tells its members, which commit the new places.
        String broker = brokerAddress(admin);
        change(admin, broker, "useServerSideResetOffset", "false");
        try {
            admin.resetOffsetByTimestamp(world.topic, world.group, 0, true);
        } finally {
            change(admin, broker, "useServerSideResetOffset", "true");
        }
        World.await("20 for the third time", 60, () -> seen.size() >= 60);
    }

    private static void change(DefaultMQAdminExt admin, String broker, String key, String value)
        throws Exception {
        Properties one = new Properties();
        one.setProperty(key, value);
        admin.updateBrokerConfig(broker, one);
    }

    /** A message that was consumed is handed to a consumer once more, named by either of its ids. */
    private static void consumeDirectly(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        SendResult sent = producer.send(new Message(world.topic, "A", "k", World.text("once more")));
        BlockingQueue<MessageExt> seen = World.inbox();
        DefaultMQPushConsumer consumer = world.consumer(world.group);
        consumer.subscribe(world.topic, "*");
        consumer.registerMessageListener(World.into(seen));
        world.start(consumer);
        World.await("the message", 30, () -> seen.size() >= 1);
        DefaultMQAdminExt admin = admin(world);
        String client = admin.examineConsumerConnectionInfo(world.group).getConnectionSet().iterator().next()
            .getClientId();
        int deliveries = 1;
        for (String id : new String[] {sent.getOffsetMsgId(), sent.getMsgId()}) {
            World.await("the index", 20, () -> {
                try {
                    return admin.viewMessage(world.topic, id) != null;
                } catch (Exception e) {
                    return false;
                }
            });
            String result = admin.consumeMessageDirectly(world.group, client, world.topic, id).toString();
            World.check(result.contains("CR_SUCCESS"), result);
            World.same(++deliveries, seen.size(), "deliveries");
        }
        World.same(1, World.bodies(seen).size(), "bodies");
        World.same("once more", World.bodies(seen).first(), "body");
    }

    private static void consumeQueue(World world) throws Exception {
        DefaultMQProducer producer = world.producer();
        for (int i = 0; i < 5; i++) {
            producer.send(new Message(world.topic, "A", World.text("m-" + i)),
                (queues, message, argument) -> queues.get(0), null);
        }
        DefaultMQAdminExt admin = admin(world);
        String broker = brokerAddress(admin);
        World.await("the rows", 20, () -> {
            try {
                return admin.queryConsumeQueue(broker, world.topic, 0, 3, 10, null).getQueueData().size() == 2;
            } catch (Exception e) {
                return false;
            }
        });
        World.same(5L, admin.queryConsumeQueue(broker, world.topic, 0, 0, 1, null).getMaxQueueIndex(), "its end");
        World.same((long) "A".hashCode(),
            admin.queryConsumeQueue(broker, world.topic, 0, 0, 1, null).getQueueData().get(0).getTagsCode(), "tags");
        World.check(admin.queryConsumeQueue(broker, world.topic, 0, 0, 1, world.group).getFilterData()
            .contains("is not online"), "a group that is not there");
    }

    private static void settings(World world) throws Exception {
        DefaultMQAdminExt admin = admin(world);
        String broker = brokerAddress(admin);
        String before = admin.getBrokerConfig(broker).getProperty("transactionCheckMax");
        change(admin, broker, "transactionCheckMax", "17");
        World.same("17", admin.getBrokerConfig(broker).getProperty("transactionCheckMax"), "as it was set");
        change(admin, broker, "transactionCheckMax", before);
        World.same(before, admin.getBrokerConfig(broker).getProperty("transactionCheckMax"), "set back");
        World.check(admin.deleteExpiredCommitLogByAddr(broker), "expired segments are removed");
    }

    /** Apache says yes to everything; what does not take effect is said here. */
    private static void settingsRefused(World world) throws Exception {
        DefaultMQAdminExt admin = admin(world);
        String broker = brokerAddress(admin);
        for (String[] one : new String[][] {{"listenPort", "restart"}, {"sendMessageThreadPoolNums", "no thread"}}) {
            try {
                change(admin, broker, one[0], "4");
                throw new IllegalStateException(one[0] + " was accepted");
            } catch (org.apache.rocketmq.client.exception.MQBrokerException e) {
                World.check(e.getErrorMessage().contains(one[1]), e.getErrorMessage());
            }
        }
    }
}
