package interop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs the named cases against one name server, several at a time, and prints a line for each:
 * PASS|FAIL name seconds detail. `list` prints the cases with their marks; the ledger commands
 * serve the kill test.
 */
public final class Main {
    private static final int CASES_AT_ONCE = 8;
    private static final int CASE_SECONDS_MAX = 100;
    private static final int CLOSE_SECONDS_MAX = 20;

    public static void main(String[] args) throws Exception {
        String verb = args.length == 0 ? "" : args[0];
        if (verb.equals("list")) {
            for (Case one : catalogue()) {
                System.out.println(one.name + " " + one.marks);
            }
        } else if (verb.equals("cases") && args.length == 3) {
            System.exit(runCases(args[1], new HashSet<>(Arrays.asList(args[2].split(",")))) ? 0 : 1);
        } else if (verb.equals("ledger-send") && args.length == 5) {
            Ledger.send(args[1], args[2], args[3], Integer.parseInt(args[4]));
        } else if (verb.equals("ledger-consume") && args.length == 4) {
            Ledger.consume(args[1], args[2], Integer.parseInt(args[3]));
        } else {
            System.err.println("usage: list | cases NAMESRV NAME,NAME..."
                + " | ledger-send NAMESRV TOPIC PREFIX SECONDS | ledger-consume NAMESRV TOPIC QUIET_SECONDS");
            System.exit(2);
        }
        System.exit(0);
    }

    private static List<Case> catalogue() {
        Case.Catalogue all = new Case.Catalogue();
        // The slow ones first: they run beside all the others.
        OrderCases.addTo(all);
        TransactionCases.addTo(all);
        TraceCases.addTo(all);
        BacklogCases.addTo(all);
        FilterCases.addTo(all);
        TimerCases.addTo(all);
        GroupCases.addTo(all);
        ConsumeCases.addTo(all);
        PopCases.addTo(all);
        RetentionCases.addTo(all);
        SendCases.addTo(all);
        AdminCases.addTo(all);
        return all.cases;
    }

    private static boolean runCases(String namesrv, Set<String> wanted) throws Exception {
        ExecutorService runners = Executors.newFixedThreadPool(CASES_AT_ONCE);
        List<Future<Boolean>> results = new ArrayList<>();
        for (Case one : catalogue()) {
            if (wanted.contains(one.name)) {
                results.add(runners.submit(() -> runOne(one, namesrv)));
            }
        }
        boolean passed = true;
        for (Future<Boolean> result : results) {
            passed &= result.get();
        }
        return passed;
    }

    private static boolean runOne(Case one, String namesrv) {
        long began = System.nanoTime();
        ExecutorService thread = Executors.newCachedThreadPool();
        World world = new World(namesrv, one.name);
        String verdict = "PASS";
        String detail = "";
        try {
            Future<?> run = thread.submit(() -> {
                one.body.run(world);
                return null;
            });
            run.get(CASE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            verdict = "FAIL";
            detail = "no end after " + CASE_SECONDS_MAX + " s";
        } catch (Exception e) {
            Throwable cause = e.getCause() != null ? e.getCause() : e;
            verdict = "FAIL";
            detail = cause.toString().replaceAll("\\s+", " ");
            cause.printStackTrace();
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        System.out.printf("%s %s %.1f %s%n", verdict, one.name, seconds, detail);
        System.out.flush();
        // Closing has a limit of its own: a client that hangs must not hold up the others.
        try {
            thread.submit(world::close).get(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (Exception e) {
            System.err.println(one.name + ": its clients did not shut down: " + e);
        }
        thread.shutdownNow();
        return verdict.equals("PASS");
    }
}
