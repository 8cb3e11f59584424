extension Plan {
    /// What the kernel prints as an error although it is what was foreseen, as parts of lines.
    ///
    /// The second to claim bytes is told so (drivers/dax/bus.c, 7.1 on: alloc_dax_region()), and a driver that meets a device
    /// which another resource cuts (drivers/dax/device.c: dev_dax_probe(); drivers/dax/kmem.c: dev_dax_kmem_probe()).
    package var expectedMessages: [String] {
        let conflicts = prediction.ranges.contains { $0.rules.contains(Rule.firstClaimWins.id) }
        let cuts = prediction.hazards.contains { $0.id == .unbindable }
        return (conflicts ? ["dax_region resource conflict"] : []) + (cuts ? ["could not reserve"] : [])
    }
}
