import FleetExpressions
import FleetModel
import FleetSimulation
import FleetWire
import Foundation

/// A cluster's state in a file: fleet's own snapshot, or whatever `kubectl get … -o json` printed.
enum SnapshotFile {
    /// Reads a file; `-` is standard input.
    static func read(_ path: String) throws -> ClusterSnapshot {
        let data: Data
        do {
            data =
                path == "-"
                ? FileHandle.standardInput.readDataToEndOfFile()
                : try Data(contentsOf: URL(fileURLWithPath: Paths.expanded(path)), options: .mappedIfSafe)
        } catch {
            throw UsageError("--snapshot \"\(path)\" cannot be read: \((error as NSError).localizedDescription)")
        }
        do {
            let snapshot = try ClusterSnapshot(decodingKubectlOutput: data)
            guard !snapshot.nodes.isEmpty else {
                throw UsageError("--snapshot \"\(path)\" holds no Node", hint: hint)
            }
            return snapshot
        } catch let error as WireFormatError {
            throw UsageError("--snapshot \"\(path)\": \(error)", hint: hint)
        }
    }

    private static let hint =
        "make one with: fleet snapshot -o FILE, or: kubectl get nodes,pods,pdb,deploy,rs,sts,ds,jobs,hpa,pvc,pv,volumeattachments,ns -A -o json > FILE"

    /// Refuses a state whose controllers would make more pods than can be played.
    static func refuseCrowds(in snapshot: ClusterSnapshot) throws {
        guard let workload = ClusterSimulation.crowd(in: snapshot) else { return }
        throw Refusal(
            "\(workload.reference) wants \(workload.replicas) replicas: more than \(ClusterSimulation.mostPods) pods of all workloads cannot be played",
            hint: "look at its spec.replicas in the cluster or the snapshot")
    }

    /// Writes a snapshot to a file, readable by its owner only and complete or not there at all; nil is standard output.
    static func write(_ snapshot: ClusterSnapshot, to path: String?) async throws {
        let document = SnapshotDocument(snapshot)
        guard let path else {
            return document.write { StandardStream.output.write(String(decoding: $0, as: UTF8.self)) }
        }
        try await PrivateFile.write(to: path) { file in try document.write { try file.write(contentsOf: Data($0)) } }
    }
}
