package interop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** One thing a user does, checked to the content of what arrives. */
final class Case {
    /** What the runner should know of a case; printed by `list`. */
    enum Mark {
        /** Left out of the quick slice. */
        SLOW,
        /** Of a later release of troupe: a failure there is a skip. */
        LATER,
        /** Asks for custom actors: only where troupe has some. */
        CUSTOM,
        /** Checks what Apache RocketMQ does otherwise; the README says how. */
        OURS,
        /** Run once more with binary headers. */
        BINARY,
        /** Needs a server that removes old messages soon: run on one of its own. */
        RETENTION
    }

    interface Body {
        void run(World world) throws Exception;
    }

    final String name;
    final Body body;
    final Set<Mark> marks;

    private Case(String name, Body body, Mark... marks) {
        this.name = name;
        this.body = body;
        this.marks = EnumSet.noneOf(Mark.class);
        this.marks.addAll(Arrays.asList(marks));
    }

    /** Collects the cases of all files, in the order they are added. */
    static final class Catalogue {
        final List<Case> cases = new ArrayList<>();

        void add(String name, Body body, Mark... marks) {
            cases.add(new Case(name, body, marks));
        }
    }
}
