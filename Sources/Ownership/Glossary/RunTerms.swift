package import Machine

// The words of runs: how they end, what the next boot does, and the exit codes.

extension Term {
    /// How `apply`, `recover`, `persist` and comparisons of several machines end, and what is left of a run.
    static let ofRuns = [
        Term("done", .runs, "Carried out, and verified."),
        Term("nothing-to-do", .runs, "Already in effect; nothing was changed."),
        Term("dry-run", .runs, "Only shown; nothing was changed."),
        Term("refused", .runs, "Blocked by a hazard or an error before the first step; nothing was changed."),
        Term("rolled-back", .runs, "A step failed, and all changes were rolled back."),
        Term("failed", .runs, "It failed, and nothing was changed."),
        Term("stopped", .runs, "It stopped half-way. Run `daxswitch recover`, which finishes or undoes it."),
        Term("undone", .runs, "recover restored the previous state."),
        Term("nothing-to-recover", .runs, "No run of this boot was interrupted."),
        Term("changes", .runs, "In a plan of several machines: steps are pending."),
        Term("matches", .runs, "In a verification of several machines: no difference."),
        Term("differs", .runs, "In a verification of several machines: at least one difference."),
        Term(
            "awaiting-confirmation",
            .runs,
            "The run is done and waits for `daxswitch confirm`; without it the run is rolled back."
        ),
        Term("confirmed", .runs, "The run stays; it will not be rolled back."),
        Term("already-confirmed", .runs, "The run was confirmed before."),
        Term("nothing-to-confirm", .runs, "No run waits for confirmation."),
        Term(
            "interrupted-by-reboot",
            .runs,
            "A reboot ended a run that waited for confirmation. The boot decided who owns what."
        ),
        Term("settled", .runs, "There is no journal, or the journal of a run that has ended."),
        Term("unfinished", .runs, "The journal of a run that was interrupted."),
        Term("half-done", .runs, "A run, a persist or a hold was interrupted, or stopped half-way."),
        Term("running", .runs, "Another daxswitch is running now."),
        Term("earlier-boot", .runs, "The journal is from an earlier boot, whose kernel state is gone."),
        Term("damaged", .runs, "The journal can't be read."),
        Term("other-version", .runs, "The journal was written by another version of daxswitch."),
        Term(
            "held",
            .runs,
            "cxl_acpi is blocked from loading, so dax_hmem keeps the memory. `daxswitch apply cxl` or a reboot ends a hold.",
            source: "/run/modprobe.d/00-daxswitch.conf and /run/udev/rules.d/00-daxswitch.rules"
        ),
        Term("half held", .runs, "Only one of the two files of a hold exists. Run `daxswitch apply` again."),
        Term("journal", .runs, "The record of a run, /run/daxswitch/journal, from which recover continues."),
    ]

    /// What daxswitch calls what it finds and predicts.
    static let ofThisTool = [
        Term(
            "not certain",
            .toolWords,
            "More than one owner is possible, because a fact is not known. The plan names the fact."
        ),
        Term(
            "hazard",
            .toolWords,
            "Something that would crash the host, lose memory, or defeat the plan. apply refuses it."
        ),
        Term("finding", .toolWords, "Something that is wrong with the machine now, or worth knowing, with a fix."),
        Term(
            "rule",
            .toolWords,
            "How kernels of a generation decide who owns a range. Predictions name the rules that they use."
        ),
        Term(
            "generation",
            .toolWords,
            "The set of rules that a kernel follows. It is detected from features, not from the version."
        ),
        Term("evidence", .toolWords, "The files and kernel messages that show a fact."),
        Term(
            "policy",
            .toolWords,
            "The owners to set and the order of the steps, as a file or built in. `daxswitch policies` lists all policies."
        ),
        Term(
            "plan",
            .toolWords,
            "The steps of a policy on one machine, with the predicted owners and the hazards. `daxswitch plan` changes nothing."
        ),
        Term("run", .toolWords, "The steps of a plan as apply carries them out. `daxswitch history` lists the runs."),
        Term("capture", .toolWords, "A recorded machine. `daxswitch collect` writes it, and --root reads it."),
        Term(
            "layout",
            .toolWords,
            "How a region was made: its range, interleaving, memory devices and dax devices with their use. Each apply records "
                + "it in /run/daxswitch/regions.json, so a region that is lost later can be created again."
        ),
        Term(
            "regions-from",
            .toolWords,
            "The option --regions-from takes the layouts of lost regions from an earlier capture of this host. It is needed if "
                + "no apply has recorded them in this boot. plan, apply, predict and report take it."
        ),
        Term("severity", .toolWords, "How bad a hazard or a finding is: crash, loss, failure or notice."),
        Term("certain", .toolWords, "Only one owner is possible for each range."),
        Term(
            "digest",
            .toolWords,
            "A checksum in a saved plan. It shows that the file was changed or damaged. It is not a signature."
        ),
        Term("journal", .toolWords, "The record of a run, /run/daxswitch/journal, from which recover continues."),
    ]

    /// What is said of the next boot.
    static let ofNextBoot = [
        Term("persisted", .nextBoot, "Written by `daxswitch persist`, and used from the next boot."),
        Term(
            "differs from now",
            .nextBoot,
            "The next boot leads to other owners than now, because of `persist` or because a hold ends."
        ),
        Term("initramfs", .nextBoot, "The image with the modules of early boot. It must include the files of persist."),
        Term("write", .nextBoot, "persist creates or replaces the file."),
        Term("remove", .nextBoot, "persist removes the file."),
        Term("keep", .nextBoot, "The file is already as needed."),
    ]

    /// The exit codes, as numbers.
    static let ofExitCodes = [
        Term("0", .exitCodes, "Done and verified, or nothing to do."),
        Term(
            "1",
            .exitCodes,
            "Failed. Nothing was changed, or it was rolled back, except for an initramfs that persist names; the text says "
                + "which. confirm was too late: the run was rolled back."
        ),
        Term("2", .exitCodes, "plan --detailed-exitcode: changes are pending."),
        Term(
            "3",
            .exitCodes,
            "Refused because of a hazard, because a saved plan is out of date, or because --confirm-within has no certain "
                + "rollback. Each has a fix."
        ),
        Term(
            "4",
            .exitCodes,
            "verify or diff found a difference, status --check found something broken, or an earlier run stopped half-way."
        ),
        Term(
            "5",
            .exitCodes,
            "Stopped half-way, now or by an earlier run; then nothing new was started. The journal is in /run/daxswitch or "
                + "/var/lib/daxswitch/persist.json. Run `daxswitch recover`, which finishes or undoes the run."
        ),
        Term(
            "64",
            .exitCodes,
            "The command line is wrong: for example an unknown option, command, step, module, rule or hazard."
        ),
        Term("65", .exitCodes, "A policy, plan, recording or list of machines is invalid or does not exist."),
        Term(
            "69",
            .exitCodes,
            "A module or a kernel feature is missing, the rules of the kernel are not known (--rules), a module of the steps "
                + "or of a rollback could not be loaded, or --confirm-within needs systemd. Nothing was changed."
        ),
        Term(
            "75",
            .exitCodes,
            "Busy or locked, a run waits for `daxswitch confirm`, or a file of this machine did not answer within 10 seconds. "
                + "Try again."
        ),
        Term("77", .exitCodes, "Not permitted."),
    ]
}

extension BootChoice: Explained {
    package static var group: Term.Group { .nextBoot }

    package var meaning: String {
        switch self {
        case .cxl: "From the next boot, the CXL modules are loaded before dax_hmem, so CXL owns what a region covers."
        case .hmem: "From the next boot, cxl_acpi is never loaded, so dax_hmem owns every Soft Reserved range."
        }
    }
}
