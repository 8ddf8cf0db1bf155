using System.Collections.Frozen;
using System.Diagnostics;
using System.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;

// These exceptions were thrown elsewhere, by whoever had to choose their type and name their parameters.
#pragma warning disable CA2201, MA0012, MA0014, MA0015

namespace Sheaf;

/// <summary>
/// The framework's exception types, and Sheaf's own, that a receiver may construct (rule E6), each with its constructor written out. Types that
/// cannot be had from a message without loss, such as <c>SocketException</c> with its error code, are not among them.
/// </summary>
internal static class WellKnownTypes
{
    private static readonly FrozenDictionary<string, Func<string, Exception?, Exception>> Factories =
        new Dictionary<string, Func<string, Exception?, Exception>>(StringComparer.Ordinal)
        {
            // Sheaf's own, in the same order.
            ["Sheaf.ChildAbandonedException"] = static (message, inner) => new ChildAbandonedException(message, inner),
            ["Sheaf.DeadlineExceededException"] = static (message, inner) => new DeadlineExceededException(message, inner),
            ["Sheaf.NonDeterministicWorkflowException"] = static (message, inner) => new NonDeterministicWorkflowException(message, inner),
            ["Sheaf.PayloadTooLargeException"] = static (message, inner) => new PayloadTooLargeException(message, inner),
            ["Sheaf.WorkerLostException"] = static (message, inner) => new WorkerLostException(message, inner),
            ["Sheaf.WorkflowStuckException"] = static (message, inner) => new WorkflowStuckException(message, inner),
            ["Sheaf.WorkflowTerminatedException"] = static (message, inner) => new WorkflowTerminatedException(message, inner),
            ["System.ApplicationException"] = static (message, inner) => new ApplicationException(message, inner),
            ["System.ArgumentException"] = static (message, inner) => new ArgumentException(message, inner),
            ["System.ArgumentNullException"] = static (message, inner) => new ArgumentNullException(message, inner),
            ["System.ArgumentOutOfRangeException"] = static (message, inner) => new ArgumentOutOfRangeException(message, inner),
            ["System.ArithmeticException"] = static (message, inner) => new ArithmeticException(message, inner),
            ["System.ArrayTypeMismatchException"] = static (message, inner) => new ArrayTypeMismatchException(message, inner),
            ["System.BadImageFormatException"] = static (message, inner) => new BadImageFormatException(message, inner),
            ["System.Collections.Generic.KeyNotFoundException"] = static (message, inner) => new KeyNotFoundException(message, inner),
            ["System.Diagnostics.UnreachableException"] = static (message, inner) => new UnreachableException(message, inner),
            ["System.DivideByZeroException"] = static (message, inner) => new DivideByZeroException(message, inner),
            ["System.Exception"] = static (message, inner) => new Exception(message, inner),
            ["System.FieldAccessException"] = static (message, inner) => new FieldAccessException(message, inner),
            ["System.FormatException"] = static (message, inner) => new FormatException(message, inner),
            ["System.IO.DirectoryNotFoundException"] = static (message, inner) => new DirectoryNotFoundException(message, inner),
            ["System.IO.DriveNotFoundException"] = static (message, inner) => new DriveNotFoundException(message, inner),
            ["System.IO.EndOfStreamException"] = static (message, inner) => new EndOfStreamException(message, inner),
            ["System.IO.FileLoadException"] = static (message, inner) => new FileLoadException(message, inner),
            ["System.IO.FileNotFoundException"] = static (message, inner) => new FileNotFoundException(message, inner),
            ["System.IO.IOException"] = static (message, inner) => new IOException(message, inner),
            ["System.IO.InvalidDataException"] = static (message, inner) => new InvalidDataException(message, inner),
            ["System.IO.PathTooLongException"] = static (message, inner) => new PathTooLongException(message, inner),
            ["System.IndexOutOfRangeException"] = static (message, inner) => new IndexOutOfRangeException(message, inner),
            ["System.InsufficientExecutionStackException"] =
                static (message, inner) => new InsufficientExecutionStackException(message, inner),
            ["System.InsufficientMemoryException"] = static (message, inner) => new InsufficientMemoryException(message, inner),
            ["System.InvalidCastException"] = static (message, inner) => new InvalidCastException(message, inner),
            ["System.InvalidOperationException"] = static (message, inner) => new InvalidOperationException(message, inner),
            ["System.InvalidTimeZoneException"] = static (message, inner) => new InvalidTimeZoneException(message, inner!),
            ["System.MemberAccessException"] = static (message, inner) => new MemberAccessException(message, inner),
            ["System.MethodAccessException"] = static (message, inner) => new MethodAccessException(message, inner),
            ["System.MissingFieldException"] = static (message, inner) => new MissingFieldException(message, inner),
            ["System.MissingMemberException"] = static (message, inner) => new MissingMemberException(message, inner),
            ["System.MissingMethodException"] = static (message, inner) => new MissingMethodException(message, inner),
            ["System.Net.Http.HttpRequestException"] = static (message, inner) => new HttpRequestException(message, inner),
            ["System.NotImplementedException"] = static (message, inner) => new NotImplementedException(message, inner),
            ["System.NotSupportedException"] = static (message, inner) => new NotSupportedException(message, inner),
            ["System.NullReferenceException"] = static (message, inner) => new NullReferenceException(message, inner),
            ["System.ObjectDisposedException"] = static (message, inner) => new ObjectDisposedException(message, inner),
            ["System.OperationCanceledException"] = static (message, inner) => new OperationCanceledException(message, inner),
            ["System.OutOfMemoryException"] = static (message, inner) => new OutOfMemoryException(message, inner),
            ["System.OverflowException"] = static (message, inner) => new OverflowException(message, inner),
            ["System.PlatformNotSupportedException"] = static (message, inner) => new PlatformNotSupportedException(message, inner),
            ["System.RankException"] = static (message, inner) => new RankException(message, inner),
            ["System.Security.Authentication.AuthenticationException"] =
                static (message, inner) => new AuthenticationException(message, inner),
            ["System.Security.Cryptography.CryptographicException"] = static (message, inner) => new CryptographicException(message, inner),
            ["System.Security.SecurityException"] = static (message, inner) => new SecurityException(message, inner),
            ["System.SystemException"] = static (message, inner) => new SystemException(message, inner),
            ["System.Text.Json.JsonException"] = static (message, inner) => new JsonException(message, inner),
            ["System.Threading.LockRecursionException"] = static (message, inner) => new LockRecursionException(message, inner),
            ["System.Threading.SemaphoreFullException"] = static (message, inner) => new SemaphoreFullException(message, inner),
            ["System.Threading.SynchronizationLockException"] = static (message, inner) => new SynchronizationLockException(message, inner),
            ["System.Threading.Tasks.TaskCanceledException"] = static (message, inner) => new TaskCanceledException(message, inner),
            ["System.TimeZoneNotFoundException"] = static (message, inner) => new TimeZoneNotFoundException(message, inner!),
            ["System.TimeoutException"] = static (message, inner) => new TimeoutException(message, inner),
            ["System.TypeLoadException"] = static (message, inner) => new TypeLoadException(message, inner),
            ["System.UnauthorizedAccessException"] = static (message, inner) => new UnauthorizedAccessException(message, inner),
            ["System.UriFormatException"] = static (message, inner) => new UriFormatException(message, inner),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names of all types in the table.</summary>
    internal static IReadOnlyCollection<string> Names => Factories.Keys;

    internal static Func<Failure, Exception?, Exception>? Find(string typeName) =>
        Factories.TryGetValue(typeName, out Func<string, Exception?, Exception>? factory)
            ? (failure, inner) => Checked(factory(failure.Message, inner), failure.Message)
            : null;

    /// <summary>
    /// Some types write to their message themselves. Better a stand-in with the original message than the type with another.
    /// </summary>
    private static Exception Checked(Exception fresh, string message) =>
        string.Equals(fresh.Message, message, StringComparison.Ordinal)
            ? fresh
            : throw new InvalidOperationException($"{fresh.GetType()} changes the message.");
}
